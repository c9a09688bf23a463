// Which files of a set are wanted, and which of them first, as the user says by their paths; from it follows how much each
// chunk is wanted. Wishes may come before the set is known. A chunk at the border of two files is wanted as much as the
// more wanted one of them.

import type { FileChoice, ManifestDocument } from '@shoal/chunker';
import { UsageError } from '@shoal/machine';
import type { Priority, PrioritySpan } from './demand.ts';

/**
 * Files by their paths in the set: a function that says so, or patterns, in which `*` and `?` stand for any characters of
 * a name and `**` for any folders. A pattern without a slash is one of names, in whatever folder; one that fits a folder
 * stands for all below it. A single file's path is its name.
 */
export type FileSelector = FileChoice | string | readonly string[];

/** How much a file is wanted after a wish, and was before. */
type Wish = (path: string, before: Priority) => Priority;

export class FileWishes {
  #document: ManifestDocument | undefined;
  /** By path, once the set is known; those of empty folders too. */
  #priorities: ReadonlyMap<string, Priority> = new Map();
  /** As long as it is not. */
  readonly #waiting: Wish[] = [];

  /** Only these are wanted, until another selection. Throws a UsageError when the set is known and has none of them. */
  select(files: FileSelector): void {
    const chosen = choiceOf(files);
    this.#wish((path, before) => (chosen(path) ? (before === 'unwanted' ? 'normal' : before) : 'unwanted'));
  }

  /** This file is wanted, whatever was selected. */
  include(file: string): void {
    this.#wish((path, before) => (path === file && before === 'unwanted' ? 'normal' : before));
  }

  /** These are to come so, as far as they are wanted. */
  prioritise(files: FileSelector, priority: Exclude<Priority, 'unwanted'>): void {
    const chosen = choiceOf(files);
    this.#wish((path, before) => (before !== 'unwanted' && chosen(path) ? priority : before));
  }

  /** The set is known. False when nothing of it is wanted. */
  know(document: ManifestDocument): boolean {
    const { files, emptyFolders } = document.manifest;
    const paths = [...files.map(({ path }) => path), ...emptyFolders];
    this.#document = document;
    this.#priorities = new Map(paths.map((path) => [path, 'normal']));
    for (const wish of this.#waiting) this.#priorities = applied(wish, this.#priorities);
    return wantsAny(this.#priorities);
  }

  /** What is wanted of the set, unless it is all. */
  get only(): FileChoice | undefined {
    const priorities = this.#priorities;
    if (!Array.from(priorities.values()).includes('unwanted')) return undefined;
    return (path) => priorities.get(path) !== 'unwanted';
  }

  /** How much each chunk is wanted; undefined before the set is known. */
  spans(): PrioritySpan[] | undefined {
    if (this.#document === undefined) return undefined;
    const { manifest, layout } = this.#document;
    return manifest.files.map(({ path }, file) => {
      const { first, end } = layout.chunksOfFile(file);
      return { first, end, priority: this.#priorities.get(path)! };
    });
  }

  #wish(wish: Wish): void {
    if (this.#document === undefined) return void this.#waiting.push(wish);
    const priorities = applied(wish, this.#priorities);
    if (!wantsAny(priorities)) throw new UsageError('select', `${this.#document.manifest.name} has no such file`);
    this.#priorities = priorities;
  }
}

const applied = (wish: Wish, priorities: ReadonlyMap<string, Priority>): Map<string, Priority> =>
  new Map(Array.from(priorities, ([path, before]) => [path, wish(path, before)]));

const wantsAny = (priorities: ReadonlyMap<string, Priority>): boolean =>
  priorities.size === 0 || [...priorities.values()].some((priority) => priority !== 'unwanted');

/** Whether these select the file at a path. */
export function choiceOf(files: FileSelector): FileChoice {
  if (typeof files === 'function') return files;
  const patterns = (typeof files === 'string' ? [files] : files).map((pattern) => regExpOf(pattern));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function regExpOf(pattern: string): RegExp {
  const trimmed = pattern.replace(/\/$/, '');
  const body = trimmed
    .replace(/^\//, '')
    .replace(/\*\*\/|\*\*|[*?]|[^*?]+/g, (part) => wildcards[part] ?? part.replace(/[\\^$.|+(){}[\]]/g, '\\$&'));
  return new RegExp(`^${trimmed.includes('/') ? '' : '(?:.*/)?'}${body}(?:/.*)?$`, 'su');
}

const wildcards: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
