// The manifest of a draft whose chunks are all agreed upon, as whoever shares the same file by itself would make it.

import { fixedChunks, makeDocument } from '@shoal/chunker';
import { loadHashes } from '@shoal/chunker/node';
import type { ManifestOf } from '@shoal/tracker';
import { swarmId } from '@shoal/wire';

export async function loadManifestOf(): Promise<ManifestOf> {
  const hashes = await loadHashes();
  return ({ name, bytes, chunkBytes }, digests) => {
    const files = [{ path: name, bytes, executable: false }];
    const chunking = fixedChunks(chunkBytes);
    const manifest = { kind: 'file', name, hash: 'blake3', chunking, files, emptyFolders: [] } as const;
    const made = makeDocument(manifest, { digests }, hashes);
    return made.ok ? swarmId(made.value.swarmId) : undefined;
  };
}
