// `shoal split`: each chunk of a file or folder becomes a file of its own, beside a summary.

import type { HashName } from '@shoal/chunker';
import { split } from '@shoal/chunker/node';
import { readChunkSize } from '../options.ts';
import type { CommonOptions, Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatBytes } from '../text/units.ts';

interface SplitOptions extends CommonOptions {
  readonly output?: string;
  readonly chunkSize?: string;
  readonly contentDefined?: boolean;
  readonly hash: HashName;
}

export async function splitPath(path: string, options: SplitOptions, { output, interrupt }: Context): Promise<void> {
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
  output.say(`${formatBytes(layout.totalBytes)} in ${plural(layout.chunkCount, 'chunk')}`);
}
