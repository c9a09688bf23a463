// A file to standard output while it arrives, for `shoal get --stdout`.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes all of it; ends early, and well, when nobody reads on (as `head` does). */
export async function pour(stream: ReadableStream<Uint8Array>, target: Writable): Promise<'all' | 'unread'> {
  try {
    await pipeline(Readable.fromWeb(stream), target, { end: false });
    return 'all';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 'unread';
    throw error;
  }
}

/** A place for a file that nobody wants to keep. */
export async function passingPlace(name: string): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-'));
  return {
    path: join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
