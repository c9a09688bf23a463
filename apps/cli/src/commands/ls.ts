// `shoal ls`: the files a tracker knows.

import { meetingName } from '@shoal/peer/introduction';
import type { FileListing } from '@shoal/wire';
import { readAddress, readSeconds } from '../options.ts';
import { type LinkOptions, openOwnLinks } from '../links.ts';
import { listFiles } from '../listings.ts';
import type { CommonOptions, Context } from '../run.ts';
import { shownSwarm } from '../swarm-beginning.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes } from '../text/units.ts';

interface LsOptions extends CommonOptions, LinkOptions {
  readonly tracker: string;
  readonly timeout: string;
}

export async function ls(filter: string, options: LsOptions, { output, interrupt }: Context): Promise<void> {
  const tracker = readAddress('--tracker', options.tracker);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  await using links = await openOwnLinks(options);
  const listed = await listFiles(filter, { links, trackers: tracker, timeoutMs, signal: interrupt.signal });
  const files = listed.filter(({ name }) => name !== meetingName); // those are not for people
  for (const { name, bytes, chunkCount, swarm, seeders, leechers } of files)
    output.event({ event: 'file', name, bytes, chunks: chunkCount, swarm, seeders, leechers });
  output.event({ event: 'done', files: files.length });
  if (files.length === 0) return output.say(filter === '' ? 'no files' : `no file has "${filter}" in its name`);
  output.data(formatTable([['name', 'size', 'chunks', 'seeders', 'leechers', 'swarm'], ...files.map(row)]));
}

const row = ({ name, bytes, chunkCount, seeders, leechers, swarm }: FileListing): string[] => [
  name,
  formatBytes(bytes),
  ...[chunkCount, seeders, leechers].map(String),
  shownSwarm(swarm),
];
