// What a peer answers whoever asks it for a file list, as a tracker would: the content that it takes part in and that is
// no secret. So who knows one peer's address needs neither a ticket nor a tracker.

import { type FileList, type FileListing, type FileListReply, filesPerPageMax } from '@shoal/wire';
import type { ContentShape } from './content.ts';
import type { Bitfield } from '@shoal/machine';

/** One that may be listed, under its name. */
export interface Listed extends Pick<FileListing, 'name' | 'swarm'> {
  readonly content: { readonly shape: ContentShape; readonly held: Bitfield };
}

export function listFiles(known: readonly Listed[], { filter, offset }: FileList): FileListReply {
  const matching = known.filter(({ name }) => name.includes(filter));
  const files = matching.slice(offset, offset + filesPerPageMax).map(({ name, swarm, content: { shape, held } }) => ({
    name,
    swarm,
    bytes: shape.totalBytes,
    chunkCount: shape.chunkCount,
    seeders: held.isFull ? 1 : 0,
    leechers: held.isFull ? 0 : 1,
  }));
  return { type: 'fileListReply', total: matching.length, files };
}
