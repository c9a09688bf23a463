// `shoal join`: puts together what `shoal split` took apart, and names what is missing or damaged.

import { join } from '@shoal/chunker/node';
import type { CommonOptions, Context } from '../run.ts';
import { formatBytes } from '../text/units.ts';

interface JoinOptions extends CommonOptions {
  readonly output?: string;
}

export async function joinFolder(folder: string, options: JoinOptions, { output, interrupt }: Context): Promise<void> {
  const { destination, document, verified } = await join(folder, {
    signal: interrupt.signal,
    onProgress: (done, total) => output.live(`${formatBytes(done)} of ${formatBytes(total)}`),
    onTrouble({ id, file, problem }) {
      output.event({ event: 'trouble', chunk: id, file, problem });
      output.say(`chunk ${id} is ${problem}: ${file}`);
    },
    ...(options.output === undefined ? {} : { destination: options.output }),
  });
  output.liveDone();
  const { layout, swarmId } = document;
  output.event({
    event: 'done',
    path: destination,
    bytes: layout.totalBytes,
    chunks: layout.chunkCount,
    swarm: swarmId,
    verified,
  });
  output.data(destination);
  const how = verified ? 'every chunk verified' : 'nothing to verify it by: there is no summary.txt';
  output.say(`${formatBytes(layout.totalBytes)} from ${layout.chunkCount} chunks, ${how}`);
}
