// The golden file-sets of fixed chunks by `describeContent`, from what a browser has files in. Runs in Node and in a browser.

import { largestChunk } from '../../src/chunking.ts';
import { describeContent } from '../../src/describe-content.ts';
import type { HashSuite } from '../../src/hash.ts';
import type { VectorSet } from '../vector-sets.ts';
import { patterned } from '../vector-sets.ts';

/** `blob`: Files and Blobs; `stream`: ReadableStreams in pieces of odd sizes. */
export type Form = 'blob' | 'stream';

/** The swarmId, or why there is none. */
export async function describeSet(set: VectorSet, form: Form, hashes: HashSuite): Promise<string> {
  const { kind, name, emptyFolders, hash, chunking } = set;
  const files = set.files.map(({ path, bytes, executable }, index) => {
    const content = new Uint8Array(patterned(bytes));
    const blob = index % 2 === 0 ? new File([content], path) : new Blob([content]);
    return { path, executable, body: form === 'blob' ? blob : { size: bytes, stream: () => inPieces(content) } };
  });
  const described = await describeContent({
    kind,
    name,
    files,
    emptyFolders,
    hash,
    hashes,
    chunkBytes: largestChunk(chunking),
  });
  return described.ok ? described.value.swarmId : described.detail;
}

function inPieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const end = Math.min(bytes.length, at + 1 + ((at * 7) % 70_001));
      controller.enqueue(bytes.slice(at, end));
      at = end;
    },
  });
}
