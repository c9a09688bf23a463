// How fast chunks go from a seed store into a file store, verified on both sides, beside `cp` of the same content.
// Run: npm run bench -- chunker/store [FILE OR FOLDER]  (without one, 10,000 files of 4 KiB in the temporary folder)

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManifest, openFileStore, openSeedStore } from '../src/node/index.ts';

const atOnce = 8;

function sampleFolder(folder: string): string {
  const root = join(folder, 'sample');
  for (let n = 0; n < 10_000; n += 1) {
    if (n % 100 === 0) mkdirSync(join(root, String(n / 100)), { recursive: true });
    writeFileSync(join(root, String(Math.floor(n / 100)), String(n)), new Uint8Array(4096).fill(n & 255));
  }
  return root;
}

async function timed<T>(name: string, bytes: number, call: () => T): Promise<Awaited<T>> {
  const started = performance.now();
  const answer = await call();
  const ms = performance.now() - started;
  process.stdout.write(
    `${ms.toFixed(0).padStart(7)} ms  ${(bytes / ms / 1000).toFixed(0).padStart(6)} MB/s  ${name}\n`,
  );
  return answer;
}

const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
try {
  const path = process.argv[2] ?? sampleFolder(folder);
  const { document } = await createManifest(path); // warms the content as well
  const { totalBytes, chunkCount } = document.layout;
  const bytes = totalBytes;
  process.stdout.write(`${bytes} bytes in ${document.manifest.files.length} files, ${chunkCount} chunks\n`);
  await timed('manifest', bytes, () => createManifest(path));
  const options = { document, destination: join(folder, 'copy') };
  const [seed, written] = await timed('open both stores', bytes, () =>
    Promise.all([openSeedStore(path, document), openFileStore(options)]),
  );
  let next = 0;
  const work = async (): Promise<void> => {
    for (let chunk = next++; chunk < chunkCount; chunk = next++)
      await written.writeChunk(chunk, await seed.readChunk(chunk));
  };
  await timed('read, verify, verify, write', bytes, () => Promise.all(Array.from({ length: atOnce }, work)));
  await written.close();
  const reopened = await timed('open again, all of it verified', bytes, () =>
    openFileStore({ ...options, check: 'full' }),
  );
  await reopened.close();
  const store = await timed('open again, as it was left', bytes, () => openFileStore(options));
  await timed('finish', bytes, () => store.finish());
  await Promise.all([seed.close(), store.close()]);
  await timed('cp', bytes, () => cpSync(path, join(folder, 'copied'), { recursive: true }));
} finally {
  rmSync(folder, { recursive: true });
}
