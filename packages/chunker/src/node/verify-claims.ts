// Which of the chunks that an unfinished download claims to have are really there. Those in files that are as they were
// left when it was closed are believed; all others are read, on as many threads as they are worth.

import { statSync } from 'node:fs';
import { Bitfield, bytesEqual } from '@shoal/machine';
import { digestAt } from '../chunk-table.ts';
import type { ManifestDocument } from '../manifest-document.ts';
import { throwIfAborted } from './aborting.ts';
import { takeNote } from './closing-note.ts';
import { copyChunks } from './copy-chunks.ts';
import { type DiskFile, packFiles } from './disk-files.ts';
import { HaveMap } from './have-map.ts';

export interface Claims {
  readonly document: ManifestDocument;
  /** Where its files lie, in their order. */
  readonly paths: readonly string[];
  readonly havePath: string;
  readonly notePath: string;
  /** `full` believes no file. */
  readonly check: 'changed' | 'full';
  readonly signal?: AbortSignal | undefined;
}

/** Fails with a ShoalError: what the disk says, `contentChanged` when somebody writes meanwhile, or `aborted`. */
export async function verifyClaims(claims: Claims): Promise<Bitfield> {
  const { document, paths, havePath, notePath, check, signal } = claims;
  const { layout, digests, manifest } = document;
  throwIfAborted(signal);
  const isAsLeft = takeNote(notePath, [havePath, ...paths]);
  const believesFiles = check === 'changed' && isAsLeft(0);
  const held = new Bitfield(layout.chunkCount);
  const files = new ClaimedFiles(manifest.files, paths, (file) => believesFiles && isAsLeft(file + 1));
  const starts = new Float64Array(layout.chunkCount).fill(-1); // where those that are to be read begin
  for (const chunk of HaveMap.claims(havePath, held.length).ones()) {
    const pieces = layout.piecesOfChunk(chunk);
    if (pieces.every(({ file }) => files.isBelieved(file))) held.set(chunk);
    else if (pieces.every(({ file }) => files.isThere(file))) starts[chunk] = layout.chunkStart(chunk);
  }
  if (starts.every((start) => start < 0)) return held;
  const targets = layout.chunkStarts();
  const found = await copyChunks({ from: packFiles(files.all()), starts, targets, hash: manifest.hash, signal });
  for (const [chunk, start] of starts.entries())
    if (start >= 0 && bytesEqual(digestAt(found, chunk), digestAt(digests, chunk))) held.set(chunk);
  return held;
}

/** Each is looked at when the first claim on it comes. */
class ClaimedFiles {
  readonly #files: DiskFile[];
  readonly #isAsLeft: (file: number) => boolean;
  readonly #believed = new Map<number, boolean>();
  readonly #there = new Map<number, boolean>();

  constructor(
    files: readonly { readonly bytes: number }[],
    paths: readonly string[],
    isAsLeft: (file: number) => boolean,
  ) {
    this.#files = files.map(({ bytes }, file) => ({ diskPath: paths[file]!, bytes, mtimeMs: 0 }));
    this.#isAsLeft = isAsLeft;
  }

  all(): readonly DiskFile[] {
    return this.#files;
  }

  isBelieved(file: number): boolean {
    return known(this.#believed, file, this.#isAsLeft);
  }

  /** In its size. */
  isThere(file: number): boolean {
    return known(this.#there, file, () => this.#look(file));
  }

  #look(file: number): boolean {
    const { diskPath, bytes } = this.#files[file]!;
    const stats = statSync(diskPath, { throwIfNoEntry: false });
    if (stats?.isFile() !== true || stats.size !== bytes) return false;
    this.#files[file] = { diskPath, bytes, mtimeMs: stats.mtimeMs };
    return true;
  }
}

function known(answers: Map<number, boolean>, file: number, ask: (file: number) => boolean): boolean {
  const answer = answers.get(file) ?? ask(file);
  answers.set(file, answer);
  return answer;
}
