// A disk that may stop at every boundary: every change made below one folder is written down as it happens, so that a
// test can have, in a folder of its own, what would lie there had the process been killed, or the power been lost, after
// any of them. It stands before node:fs itself, so no way to write can be forgotten.

import type * as Fs from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Rng } from '@shoal/machine';

const fs: typeof Fs = process.getBuiltinModule('node:fs');
const { O_CREAT, O_TRUNC } = fs.constants;

/** Paths are relative to the folder that is watched. */
export type Change =
  | { readonly type: 'make' | 'makeFolder' | 'remove' | 'sync'; readonly path: string }
  | { readonly type: 'resize'; readonly path: string; readonly bytes: number }
  | { readonly type: 'write'; readonly path: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'link' | 'rename'; readonly path: string; readonly to: string };

/** What else of the changes is on the disk than all of them, one after the other. */
export interface Loss {
  /** Draws which changes that were never synced are lost with the power; without it a process was killed, and none are. */
  readonly power?: Rng;
  /** The last change, if it is a write, is there by half. */
  readonly torn?: boolean;
}

export class DiskJournal {
  readonly changes: Change[] = [];
  readonly #descriptors = new Map<number, string>();
  #root: string | undefined;

  /** From now on. Undefined: no more. */
  watch(root: string | undefined): void {
    this.#root = root;
  }

  /** Opened for a path; `flags` as open(2) has them. */
  opened(fd: number, path: string, flags: number, wasThere: boolean): void {
    const at = this.#below(path);
    if (at === undefined) return;
    this.#descriptors.set(fd, at);
    if (!wasThere && (flags & O_CREAT) !== 0) this.changes.push({ type: 'make', path: at });
    else if ((flags & O_TRUNC) !== 0) this.changes.push({ type: 'resize', path: at, bytes: 0 });
  }

  closed(fd: number): void {
    this.#descriptors.delete(fd);
  }

  written(fd: number, bytes: Uint8Array, offset: number): void {
    const path = this.#descriptors.get(fd);
    if (path !== undefined) this.changes.push({ type: 'write', path, offset, bytes: bytes.slice() });
  }

  resized(fd: number, bytes: number): void {
    const path = this.#descriptors.get(fd);
    if (path !== undefined) this.changes.push({ type: 'resize', path, bytes });
  }

  synced(fd: number): void {
    const path = this.#descriptors.get(fd);
    if (path !== undefined) this.changes.push({ type: 'sync', path });
  }

  changed(type: 'makeFolder' | 'remove', path: string): void {
    const at = this.#below(path);
    if (at !== undefined) this.changes.push({ type, path: at });
  }

  moved(type: 'link' | 'rename', from: string, to: string): void {
    const path = this.#below(from);
    if (path !== undefined) this.changes.push({ type, path, to: this.#below(to)! });
  }

  #below(path: string): string | undefined {
    if (this.#root === undefined) return undefined;
    const at = relative(this.#root, path);
    return at === '' || at.startsWith('..') ? undefined : at;
  }
}

/** Makes in `root` what is on the disk after these changes. */
export function replay(changes: readonly Change[], root: string, { power, torn = false }: Loss = {}): void {
  // A journalled file system keeps the order of names and sizes, and syncing anything brings all before it to the disk.
  const lastSync = changes.findLastIndex(({ type }) => type === 'sync');
  const names = power === undefined ? changes.length : lastSync + 1 + power.below(changes.length - lastSync);
  for (const [index, change] of changes.entries()) {
    if (change.type !== 'write') {
      if (index < names) apply(change, root);
      continue;
    }
    const isLost = power !== undefined && !isSynced(changes, index) && power.below(2) === 0;
    const isTorn = torn && index === changes.length - 1;
    const bytes = isTorn ? change.bytes.subarray(0, change.bytes.length >> 1) : change.bytes;
    if (!isLost) apply({ ...change, bytes }, root);
    else if (power.below(2) === 0) apply({ ...change, bytes: new Uint8Array(bytes.length) }, root); // its size is there
  }
}

const isSynced = (changes: readonly Change[], index: number): boolean =>
  changes.some(({ type, path }, later) => later > index && type === 'sync' && path === changes[index]!.path);

function apply(change: Change, root: string): void {
  const path = join(root, change.path);
  switch (change.type) {
    case 'make':
      return fs.writeFileSync(path, '');
    case 'makeFolder':
      return void fs.mkdirSync(path, { recursive: true });
    case 'remove':
      return fs.rmSync(path, { recursive: true, force: true });
    case 'resize':
      return fs.truncateSync(path, change.bytes);
    case 'write':
      return write(path, change);
    case 'link':
      return fs.linkSync(path, join(root, change.to));
    case 'rename':
      return fs.renameSync(path, join(root, change.to));
    case 'sync':
  }
}

/** To a file that is there; its name may have been lost. */
function write(path: string, { offset, bytes }: Change & { type: 'write' }): void {
  if (!fs.existsSync(path)) return;
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, bytes, 0, bytes.length, offset);
  fs.closeSync(fd);
}

const asBytes = (data: unknown): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : (data as Uint8Array);

const asFlags = (flags: unknown): number =>
  typeof flags === 'number' ? flags : flags === undefined || flags === 'r' || flags === 'r+' ? 0 : O_CREAT | O_TRUNC;

/** `node:fs`, each change of which is told to a journal. */
export function watchedFs(journal: DiskJournal): typeof Fs {
  const openSync = (path: string, flags?: number | string, mode?: number): number => {
    const wasThere = fs.existsSync(path);
    const fd = fs.openSync(path, flags ?? 'r', mode);
    journal.opened(fd, path, asFlags(flags), wasThere);
    return fd;
  };
  const closeSync = (fd: number): void => {
    journal.closed(fd);
    fs.closeSync(fd);
  };
  const writeSync = (fd: number, data: Uint8Array, from: number, length: number, at: number): number => {
    const written = fs.writeSync(fd, data, from, length, at);
    journal.written(fd, data.subarray(from, from + written), at);
    return written;
  };
  const ftruncateSync = (fd: number, bytes: number): void => {
    fs.ftruncateSync(fd, bytes);
    journal.resized(fd, bytes);
  };
  const fdatasyncSync = (fd: number): void => {
    fs.fdatasyncSync(fd);
    journal.synced(fd);
  };
  const writeFileSync = (path: string, data: unknown, options?: { flag?: number | string; mode?: number }): void => {
    const fd = openSync(path, options?.flag ?? 'w', options?.mode);
    const bytes = asBytes(data);
    if (bytes.length > 0) writeSync(fd, bytes, 0, bytes.length, 0);
    closeSync(fd);
  };
  const write = (fd: number, data: Uint8Array, from: number, length: number, at: number) => ({
    bytesWritten: writeSync(fd, data, from, length, at),
    buffer: data,
  });
  const renameSync = (from: string, to: string): void => {
    fs.renameSync(from, to);
    journal.moved('rename', from, to);
  };
  const linkSync = (from: string, to: string): void => {
    fs.linkSync(from, to);
    journal.moved('link', from, to);
  };
  const mkdirSync = (path: string, options?: Fs.MakeDirectoryOptions): string | undefined => {
    const made = fs.mkdirSync(path, options);
    journal.changed('makeFolder', path);
    return made;
  };
  const rmSync = (path: string, options?: Fs.RmOptions): void => {
    if (!fs.existsSync(path) && options?.force === true) return;
    fs.rmSync(path, options);
    journal.changed('remove', path);
  };
  const rmdirSync = (path: string): void => {
    fs.rmdirSync(path);
    journal.changed('remove', path);
  };
  return {
    ...fs,
    openSync,
    closeSync,
    writeSync,
    ftruncateSync,
    fdatasyncSync,
    writeFileSync,
    renameSync,
    linkSync,
    mkdirSync,
    rmSync,
    rmdirSync,
    open: promised(openSync),
    close: promised(closeSync),
    write: promised(write),
    ftruncate: promised(ftruncateSync),
    fdatasync: promised(fdatasyncSync),
  } as unknown as typeof Fs;
}

/** `node:fs/promises`, of what the chunker uses of it, over such an `fs`. */
export function watchedPromises(watched: typeof Fs): typeof FsPromises {
  const { renameSync, linkSync, mkdirSync, rmSync, rmdirSync, writeFileSync } = watched;
  return {
    ...fs.promises,
    rename: later(renameSync),
    link: later(linkSync),
    mkdir: later(mkdirSync),
    rm: later(rmSync),
    rmdir: later(rmdirSync),
    writeFile: later(writeFileSync),
  } as unknown as typeof FsPromises;
}

const later =
  <A extends unknown[], R>(call: (...args: A) => R) =>
  async (...args: A): Promise<R> =>
    call(...args);

/** A function that is only ever promisified. */
const promised = (call: (...args: never[]) => unknown): object =>
  Object.assign(() => undefined, { [promisify.custom]: later(call) });
