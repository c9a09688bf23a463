// `shoal create`: the manifest and the ticket of a file or folder, without serving it.

import { open } from 'node:fs/promises';
import { encodeDocument, formatTicket, type HashName } from '@shoal/chunker';
import { createManifest } from '@shoal/chunker/node';
import { ShoalError } from '@shoal/machine';
import { readAddress, readChunkSize } from '../options.ts';
import type { CommonOptions, Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatBytes } from '../text/units.ts';

interface CreateOptions extends CommonOptions {
  readonly output?: string;
  readonly tracker: readonly string[];
  readonly peer: readonly string[];
  readonly chunkSize?: string;
  readonly contentDefined?: boolean;
  readonly hash: HashName;
}

export async function create(path: string, options: CreateOptions, { output, interrupt }: Context): Promise<void> {
  const trackers = options.tracker.map((address) => readAddress('--tracker', address));
  const peers = options.peer.map((address) => readAddress('--peer', address));
  const chunkBytes = readChunkSize(options.chunkSize);
  const { document, skipped } = await createManifest(path, {
    hash: options.hash,
    chunking: options.contentDefined === true ? 'contentDefined' : 'fixed',
    signal: interrupt.signal,
    onProgress: (done, total) => output.live(`hashing ${formatBytes(done)} of ${formatBytes(total)}`),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
  output.liveDone();
  for (const { path, reason } of skipped) output.say(`left out ${path}: ${reason}`);
  const { manifest, layout, swarmId } = document;
  const place = options.output ?? `${manifest.name}.manifest`;
  await writeNew(place, encodeDocument(document));
  const ticket = formatTicket({ swarmId, name: manifest.name, bytes: layout.totalBytes, trackers, peers });
  const counts = { bytes: layout.totalBytes, chunks: layout.chunkCount, files: manifest.files.length };
  output.event({ event: 'done', path: place, ticket, swarm: swarmId, name: manifest.name, ...counts });
  output.data(ticket);
  output.say(`${place}: ${formatBytes(layout.totalBytes)} in ${plural(layout.chunkCount, 'chunk')}`);
}

/** Never in the place of something else. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await using file = await open(path, 'wx');
    await file.writeFile(bytes);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new ShoalError('exists', `${path} exists: name another with --output`, { cause });
    if (code === 'ENOENT') throw new ShoalError('notFound', `${path} is in a folder that does not exist`, { cause });
    if (code === 'ENOSPC') throw new ShoalError('diskFull', `${path}: the disk is full`, { cause });
    throw new ShoalError('permissionDenied', `${path} cannot be written (${code})`, { cause });
  }
}
