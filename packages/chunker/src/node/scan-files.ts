// What a file or folder on this disk consists of, in the order of the manifest.
// The path that is given may be a symbolic link. Links inside a folder are stored as copies of what they lead to when
// that is a file of the same folder; any other link is left out and told, so that sharing a folder never shares
// what lies outside it. So are sockets, devices and unfinished downloads.

import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ShoalError } from '@shoal/machine';
import { comparePaths } from '../path-set.ts';
import { describePathProblem, nameProblem, showName } from '../safe-path.ts';
import { diskError } from './disk-errors.ts';
import type { DiskFile } from './disk-files.ts';
import { isPartialName } from './partial-name.ts';

export interface ScannedFile extends DiskFile {
  /** As in the manifest. */
  readonly path: string;
  readonly executable: boolean;
}

/** Something left out, and why. */
export interface SkippedEntry {
  readonly path: string;
  readonly reason: 'linkLeadsOutside' | 'linkToFolder' | 'linkBroken' | 'notAFile' | 'unfinishedDownload';
}

export interface ScannedSet {
  readonly kind: 'file' | 'folder';
  readonly name: string;
  readonly files: readonly ScannedFile[];
  readonly emptyFolders: readonly string[];
  readonly skipped: readonly SkippedEntry[];
}

/**
 * Looks at a file, or at a folder and all below it. Fails with a ShoalError that names the path: `notFound`,
 * `permissionDenied`, `nameUnsafe` for a name no manifest may have, `diskFailed`.
 */
export async function scanFiles(path: string): Promise<ScannedSet> {
  const root = resolve(path);
  const stats = looking((at) => statSync(at), root);
  const name = basename(root);
  if (stats.isDirectory())
    return new FolderScan(
      root,
      looking((at) => realpathSync(at), root),
    ).run(name);
  if (!stats.isFile()) throw new ShoalError('notFound', `${showName(path)} is neither a file nor a folder`);
  checkName(name, path);
  return { kind: 'file', name, files: [scannedFile(name, root, stats)], emptyFolders: [], skipped: [] };
}

class FolderScan {
  readonly #root: string;
  /** The root with all links resolved, to tell which links leave it. */
  readonly #realRoot: string;
  readonly #files: ScannedFile[] = [];
  readonly #emptyFolders: string[] = [];
  readonly #skipped: SkippedEntry[] = [];
  #yieldAt = 0;

  constructor(root: string, realRoot: string) {
    this.#root = root;
    this.#realRoot = realRoot;
  }

  async run(name: string): Promise<ScannedSet> {
    checkName(name, this.#root);
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
      folders.push(...(await this.#scanFolder(folder)));
    this.#files.sort((a, b) => comparePaths(a.path, b.path));
    this.#emptyFolders.sort(comparePaths);
    const skipped = this.#skipped.sort((a, b) => comparePaths(a.path, b.path));
    return { kind: 'folder', name, files: this.#files, emptyFolders: this.#emptyFolders, skipped };
  }

  /** Notes what lies directly in a folder; answers the folders in it. */
  async #scanFolder(folder: string): Promise<string[]> {
    const diskFolder = join(this.#root, folder, sep);
    const entries = looking((at) => readdirSync(at, { withFileTypes: true }), diskFolder);
    const folders: string[] = [];
    let kept = 0;
    for (const entry of entries) {
      if (performance.now() > this.#yieldAt) await this.#letOthersRun();
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      checkName(entry.name, path);
      if (entry.isDirectory() && !isPartialName(entry.name)) folders.push(path);
      else if (!this.#note(path, diskFolder + entry.name, entry.isFile())) continue;
      kept += 1;
    }
    if (kept === 0 && folder !== '') this.#emptyFolders.push(folder);
    return folders;
  }

  async #letOthersRun(): Promise<void> {
    await setImmediate();
    this.#yieldAt = performance.now() + sliceMs;
  }

  /** Keeps a file or a link to one, or notes why not. Answers whether it was kept. */
  #note(path: string, diskPath: string, isPlainFile: boolean): boolean {
    const stats = looking((at) => lstatSync(at), diskPath);
    const found = isPlainFile && stats.isFile() ? { stats, diskPath } : this.#follow(diskPath, stats);
    if (typeof found === 'string') {
      this.#skipped.push({ path, reason: found });
      return false;
    }
    this.#files.push(scannedFile(path, found.diskPath, found.stats));
    return true;
  }

  #follow(diskPath: string, stats: Stats): { stats: Stats; diskPath: string } | SkippedEntry['reason'] {
    if (stats.isDirectory()) return 'unfinishedDownload';
    if (!stats.isSymbolicLink()) return 'notAFile';
    let target: string;
    try {
      target = realpathSync(diskPath);
    } catch {
      return 'linkBroken'; // to nothing, to itself, or through a folder that may not be read
    }
    if (!target.startsWith(this.#realRoot + sep)) return 'linkLeadsOutside';
    const targetStats = looking((at) => statSync(at), target);
    if (targetStats.isDirectory()) return 'linkToFolder';
    return targetStats.isFile() ? { stats: targetStats, diskPath: target } : 'notAFile';
  }
}

/** Looking at a file is done at once, since handing it to another thread takes longer; but not at many without a break. */
const sliceMs = 10;

const scannedFile = (path: string, diskPath: string, stats: Stats): ScannedFile => ({
  path,
  diskPath,
  bytes: stats.size,
  executable: (stats.mode & 0o100) !== 0,
  mtimeMs: stats.mtimeMs,
});

function checkName(name: string, path: string): void {
  const problem = nameProblem(name);
  if (problem === undefined) return;
  throw new ShoalError('nameUnsafe', `cannot share ${showName(path)}: its name ${describePathProblem(problem)}`);
}

function looking<T>(look: (path: string) => T, path: string): T {
  try {
    return look(path);
  } catch (error) {
    throw diskError(error, 'cannot read', path);
  }
}
