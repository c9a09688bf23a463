// `shoal ls`: the files a tracker knows.

import { openLinks } from '@shoal/transport-udp/node';
import { askTracker } from '@shoal/tracker/node';
import type { FileListing } from '@shoal/wire';
import type { Command } from 'commander';
import { pskOption, readAddress, readPsk, readSeconds } from '../options.ts';
import { type CommonOptions, type Context, run } from '../run.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes } from '../text/units.ts';

interface LsOptions extends CommonOptions {
  readonly pskFile?: string;
  readonly tracker: string;
  readonly timeout: string;
}

export const addLs = (program: Command): Command =>
  program
    .command('ls')
    .description('list the files a tracker knows')
    .argument('[filter]', 'only names that contain this', '')
    .requiredOption('--tracker <host:port>', 'the tracker to ask')
    .option(...pskOption)
    .option('--timeout <seconds>', 'how long to wait for an answer', '5')
    .addHelpText('after', '\nExample:\n  shoal ls --tracker 192.168.1.5:7070')
    .action(async (filter: string, options: LsOptions) => run(options, (context) => ls(filter, options, context)));

async function ls(filter: string, options: LsOptions, { output, interrupt }: Context): Promise<void> {
  const tracker = readAddress('--tracker', options.tracker);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  await using links = await openLinks(readPsk(options.pskFile));
  const files: FileListing[] = [];
  for (;;) {
    const request = { type: 'fileList', filter, offset: files.length } as const;
    const { reply } = await askTracker(links, tracker, request, { timeoutMs, signal: interrupt.signal });
    files.push(...reply.files);
    if (reply.files.length === 0 || files.length >= reply.total) break;
  }
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
  swarm.slice(0, 16),
];
