// Keeps two processes from writing the same download: a file that names its owner. An owner that is gone, or whose
// number another process has by now, holds nothing any more. Owners on other machines are not seen.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ShoalError } from '@shoal/machine';
import { showName } from '../safe-path.ts';
import { errno } from './disk-errors.ts';

/** Within this process the number tells nothing: here it is known. */
const heldHere = new Set<string>();

/** Takes the lock at `path`, an absolute path, or fails with `storeBusy`. The answer gives it back. */
export function takeLock(path: string): () => void {
  const owner = describeProcess(process.pid);
  if (heldHere.has(path) || (!tryTake(path, owner) && !(removeStale(path) && tryTake(path, owner))))
    throw new ShoalError('storeBusy', `another shoal is at work in ${showName(dirname(path))}: let it finish`);
  heldHere.add(path);
  let isHeld = true;
  return () => {
    if (!isHeld) return; // it may be another's by now
    isHeld = false;
    heldHere.delete(path);
    rmSync(path, { force: true });
  };
}

/** Made complete under another name first: nobody may see a lock that does not name its owner yet. */
function tryTake(path: string, owner: string): boolean {
  const draft = `${path}.${process.pid}`;
  try {
    rmSync(draft, { force: true }); // one left by a killed process with our number may be the lock itself by another name
    writeFileSync(draft, owner);
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    if (errno(error) !== 'EPERM' && errno(error) !== 'ENOTSUP' && errno(error) !== 'EOPNOTSUPP') throw error;
    return tryTakeWithoutLinks(path, owner);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** For file systems without hard links, such as exFAT. */
function tryTakeWithoutLinks(path: string, owner: string): boolean {
  try {
    writeFileSync(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a lock aside whose owner is gone. Answers false when the owner lives. */
function removeStale(path: string): boolean {
  const owner = readIfThere(path);
  if (owner === undefined) return true;
  const pid = Number.parseInt(owner, 10);
  // Where start times are unknown, a lock of our own number that we do not hold is that of an earlier process.
  const ours = owner === `${process.pid} `;
  if (!ours && isAlive(pid) && describeProcess(pid) === owner) return false;
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errno(error) === 'ENOENT') return true; // another one was quicker
    throw error;
  }
  const moved = readIfThere(aside);
  if (moved === owner) {
    rmSync(aside, { force: true });
    return true;
  }
  renameSync(aside, path); // another one was quicker and holds it already
  return false;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errno(error) === 'EPERM'; // there, but somebody else's
  }
}

/** The number and, where the system tells it (Linux), the start time: numbers are given out again. */
function describeProcess(pid: number): string {
  try {
    // proc_pid_stat(5): the 22nd field; the second, in parentheses, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return `${pid} ${fields[19]}`;
  } catch {
    return `${pid} `; // no such file outside Linux: the number alone has to do
  }
}
