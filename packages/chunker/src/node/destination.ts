// The place where finished content is to appear: whether it is free, whether this disk can hold the content under its
// names, and how content gets there without ever replacing anything.

import { access, link, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ShoalError } from '@shoal/machine';
import type { ManifestDocument } from '../manifest-document.ts';
import { isUnsafeOnWindows, showName } from '../safe-path.ts';
import { diskError, errno } from './disk-errors.ts';
import { syncPath } from './disk-file.ts';
import { exists, removeIfEmpty } from './partial-folder.ts';

/** Renames a file without ever replacing another: by a second name, which fails where one is taken. */
export async function renameFileNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
    await rm(from);
  } catch (error) {
    const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errno(error) ?? '');
    if (!noLinks) throw error;
    await rename(from, to); // exFAT and the like: whether the name is free was asked just before
  }
}

/** Fails with `exists` when anything, even a broken link, is there. */
export async function checkFree(destination: string): Promise<void> {
  let found;
  try {
    found = await exists(destination);
  } catch (error) {
    throw diskError(error, 'cannot download to', destination);
  }
  if (found === undefined) return;
  throw new ShoalError(
    'exists',
    `${showName(destination)} exists already: choose another destination, or move it away`,
  );
}

/** What only this disk can say against names that are safe in general; `parent` is a folder on it. */
export async function checkNames({ manifest }: ManifestDocument, parent: string): Promise<void> {
  const paths = [...manifest.files.map(({ path }) => path), ...manifest.emptyFolders];
  const unsafe = process.platform === 'win32' ? paths.find(isUnsafeOnWindows) : undefined;
  if (unsafe !== undefined) throw new ShoalError('nameUnsafe', `Windows cannot hold the name ${showName(unsafe)}`);
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.toLowerCase().normalize('NFC');
    const twin = seen.get(folded);
    seen.set(folded, path);
    if (twin !== undefined && (await ignoresCase(parent)))
      throw new ShoalError('nameUnsafe', `${showName(twin)} and ${showName(path)} are one name on this file system`);
  }
}

/** Makes a new name last over a loss of power, where the system lets folders be synced. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    await syncPath(path);
  } catch (error) {
    // A folder that may be written to but not read; or a file system that syncs no folders.
    if (!['EACCES', 'EPERM', 'EINVAL'].includes(errno(error) ?? '')) throw error;
  }
}

/** Removes every file below `folder`, and every folder that is empty then, whose path from there is not among `kept`. */
export async function removeAllBut(folder: string, kept: ReadonlySet<string>): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Longer paths first: a folder comes after everything in it.
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  for (const { entry, path } of paths.toSorted((a, b) => b.path.length - a.path.length)) {
    if (kept.has(relative(folder, path).replaceAll(sep, '/'))) continue;
    if (entry.isDirectory()) await removeIfEmpty(path);
    else await rm(path, { force: true });
  }
}

async function ignoresCase(folder: string): Promise<boolean> {
  const other = folder === folder.toUpperCase() ? folder.toLowerCase() : folder.toUpperCase();
  if (other === folder) return false;
  try {
    await access(other);
    return true;
  } catch {
    return false; // whatever the reason, it is not the same folder to us
  }
}

/** Fails with `diskFull` when so many bytes have no room. */
export async function checkSpace(neededBytes: number, path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (neededBytes > free)
    throw new ShoalError(
      'diskFull',
      `${neededBytes} bytes are still to come, but the disk has room for ${free}: free some space`,
    );
}
