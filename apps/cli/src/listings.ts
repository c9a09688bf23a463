// The files that trackers list, page by page to the last; and how people write which of them they mean.

import type { Address, LinkPort } from '@shoal/machine';
import { askTracker, type AskTrackerOptions } from '@shoal/tracker/node';
import type { FileListing } from '@shoal/wire';
import { beginsSwarm, isSwarmBeginning } from './swarm-beginning.ts';

/** Where it is asked for, and how long. */
export interface ListingDesk extends AskTrackerOptions {
  readonly links: LinkPort;
  readonly trackers: Address | readonly Address[];
}

/** All whose name contains the filter. */
export async function listFiles(filter: string, desk: ListingDesk): Promise<FileListing[]> {
  const { links, trackers, ...options } = desk;
  const files: FileListing[] = [];
  for (;;) {
    const { reply } = await askTracker(links, trackers, { type: 'fileList', filter, offset: files.length }, options);
    files.push(...reply.files);
    if (reply.files.length === 0 || files.length >= reply.total) return files;
  }
}

/** All that are called so, or whose swarm begins so. */
export async function findFiles(text: string, desk: ListingDesk): Promise<FileListing[]> {
  const files = await listFiles(isSwarmBeginning(text) ? '' : text, desk);
  return files.filter(({ name, swarm }) => name === text || beginsSwarm(text, swarm));
}
