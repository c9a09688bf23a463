// Content for simulated swarms: random bytes, and the document that describes them.

import { fixedChunks, type HashSuite, makeDocument, type ManifestDocument } from '@shoal/chunker';
import { invariant, type Rng } from '@shoal/machine';

export interface SimContent {
  readonly document: ManifestDocument;
  readonly bytes: Uint8Array;
}

const digestBytes = 32;

/** One file of `totalBytes` random bytes. */
export function simContent(totalBytes: number, chunkBytes: number, rng: Rng, hashes: HashSuite): SimContent {
  const bytes = rng.bytes(totalBytes);
  const chunkCount = Math.ceil(totalBytes / chunkBytes);
  const digests = new Uint8Array(chunkCount * digestBytes);
  for (let chunk = 0; chunk < chunkCount; chunk += 1) {
    const digest = hashes.blake3.digest(bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes));
    digests.set(digest, chunk * digestBytes);
  }
  const chunking = fixedChunks(chunkBytes);
  const files = [{ path: 'content', bytes: totalBytes, executable: false }];
  const about = { kind: 'file', name: 'content', hash: 'blake3', chunking, files, emptyFolders: [] } as const;
  const made = makeDocument(about, { digests }, hashes);
  invariant(made.ok, 'random bytes in one file can be described');
  return { document: made.value, bytes };
}

/**
 * Hashes that remember the digest of an array they have seen. Simulated networks hand bodies on by reference, and nobody
 * changes them (the contract of MemoryChunkStore's `keepReferences`), so each chunk is hashed once and not once a peer.
 */
export function rememberingHashes(suite: HashSuite): HashSuite {
  const seen = new WeakMap<Uint8Array, Uint8Array>();
  const digest = (bytes: Uint8Array): Uint8Array => {
    const known = seen.get(bytes);
    if (known !== undefined) return known;
    const made = suite.blake3.digest(bytes);
    seen.set(bytes, made);
    return made;
  };
  return { ...suite, blake3: { name: 'blake3', digest } };
}
