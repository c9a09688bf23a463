// `shoal split`: each chunk of a file or folder becomes a file of its own, beside a summary.

import { hashNames } from '@shoal/chunker';
import { split } from '@shoal/chunker/node';
import { type Command, Option } from 'commander';
import { readChunkSize } from '../options.ts';
import { type CommonOptions, type Context, run } from '../run.ts';
import { formatBytes } from '../text/units.ts';

interface SplitOptions extends CommonOptions {
  readonly output?: string;
  readonly chunkSize?: string;
  readonly contentDefined?: boolean;
  readonly hash: (typeof hashNames)[number];
}

export const addSplit = (program: Command): Command =>
  program
    .command('split')
    .description('make each chunk of a file or folder a file of its own, beside a summary of ids, sizes and hashes')
    .argument('<path>', 'a file or folder')
    .option('-o, --output <folder>', 'the folder to make; by default NAME.chunks, here')
    .option('--chunk-size <size>', 'such as 100KB or 256KiB; by default chosen from the size of the content')
    .option('--content-defined', 'cut where the bytes say so; --chunk-size is then the average')
    .addOption(new Option('--hash <name>', 'what to name chunks by').choices(hashNames).default('blake3'))
    .addHelpText(
      'after',
      '\nExample:\n  shoal split ./film.mkv --chunk-size 100KiB\n  shoal join film.mkv.chunks -o copy.mkv',
    )
    .action(async (path: string, options: SplitOptions) =>
      run(options, (context) => splitPath(path, options, context)),
    );

async function splitPath(path: string, options: SplitOptions, { output, interrupt }: Context): Promise<void> {
  const chunkBytes = readChunkSize(options.chunkSize);
  const { destination, document, skipped } = await split(path, {
    hash: options.hash,
    chunking: options.contentDefined === true ? 'contentDefined' : 'fixed',
    signal: interrupt.signal,
    onProgress: (done, total) => output.live(`${formatBytes(done)} of ${formatBytes(total)}`),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    ...(options.output === undefined ? {} : { destination: options.output }),
  });
  output.liveDone();
  const { layout, swarmId } = document;
  for (const { path, reason } of skipped) output.say(`left out ${path}: ${reason}`);
  output.event({
    event: 'done',
    path: destination,
    bytes: layout.totalBytes,
    chunks: layout.chunkCount,
    swarm: swarmId,
  });
  output.data(destination);
  output.say(`${formatBytes(layout.totalBytes)} in ${layout.chunkCount} chunks`);
}
