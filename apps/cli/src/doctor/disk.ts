// Whether there is room on a disk, and whether it may be written to.

import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '../text/units.ts';
import type { Finding } from './finding.ts';

const littleBytes = 1e9; // with less than this, most transfers are in doubt

/** The folder that will be made is where its nearest parent is. */
export function diskFinding(what: string, folder: string): Finding {
  const there = nearest(folder);
  const { bavail, bsize } = statfsSync(there);
  const freeBytes = bavail * bsize;
  const values = { folder, freeBytes };
  try {
    accessSync(there, constants.W_OK);
  } catch {
    return { what, standing: 'bad', words: `${folder} cannot be written to`, advice: `see who owns ${there}`, values };
  }
  const words = `${formatBytes(freeBytes)} free at ${folder}`;
  return { what, standing: freeBytes < littleBytes ? 'slow' : 'ok', words, values };
}

function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}
