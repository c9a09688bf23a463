// How the files of an unfinished download looked when it was closed, so that the next start need not read what is as it was
// left. It is believed while the system has not been started anew, so that nothing written was lost with the power: the
// system's number of its start is part of it. The next start takes it away, so one that is killed leaves none.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { errno } from './disk-errors.ts';

const heading = 'shoal closed 1';

/** Leaves the note: `paths` are the files, in any order that `takeNote` is given them in. */
export function leaveNote(notePath: string, paths: readonly string[]): void {
  const start = systemStart();
  if (start === undefined) return;
  // The last line tells that it is whole.
  const lines = [heading, start, ...paths.map((path) => lookOf(path)), heading];
  try {
    writeFileSync(notePath, lines.join('\n'));
  } catch {
    rmSync(notePath, { force: true }); // no room for it: everything will be read, which is slower and no less right
  }
}

/** Takes the note away. The answer tells which files are there as they were left; without a note none is. */
export function takeNote(notePath: string, paths: readonly string[]): (file: number) => boolean {
  const lines = readIfThere(notePath)?.split('\n') ?? [];
  rmSync(notePath, { force: true });
  const isWhole = lines.length === paths.length + 3 && lines[0] === heading && lines.at(-1) === heading;
  if (!isWhole || lines[1] !== systemStart()) return () => false;
  return (file) => lines[file + 2] !== '' && lines[file + 2] === lookOf(paths[file]!);
}

/**
 * Changes with every change of the content: no call can set the time of the last change of status (ctime), as one can that
 * of the content. What is not there looks like nothing.
 */
function lookOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.ino}`;
}

/** Other at each start of the system (random(4)); undefined where that cannot be known: outside Linux. */
const systemStart = (): string | undefined => readIfThere('/proc/sys/kernel/random/boot_id')?.trim();

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
