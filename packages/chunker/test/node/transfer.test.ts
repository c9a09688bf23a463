import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createManifest, openFileStore, openSeedStore } from '../../src/node/index.ts';
import { decodeDocument, encodeDocument, formatTicket, parseTicket, pureHashes } from '../../src/index.ts';

test('a folder served by one store arrives whole in another, written backwards', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chunker-'));
  mkdirSync(join(dir, 'a/b/c'), { recursive: true });
  mkdirSync(join(dir, 'a/empty'));
  writeFileSync(join(dir, 'a/b/x'), Buffer.alloc(500_001, 3));
  writeFileSync(join(dir, 'a/b/c/y'), Buffer.alloc(1001, 5));
  writeFileSync(join(dir, 'a/z'), '');
  const { document } = await createManifest(join(dir, 'a'));
  expect(decodeDocument(encodeDocument(document), { hashes: pureHashes, expected: document.swarmId })).toMatchObject({
    ok: true,
  });
  const link = formatTicket({
    swarmId: document.swarmId,
    name: 'a',
    bytes: 3,
    trackers: [{ host: '::1', port: 4 }],
    peers: [],
  });
  expect(parseTicket(link)).toMatchObject({ ok: true });
  const seed = await openSeedStore(join(dir, 'a'), document);
  const store = await openFileStore({ document, destination: join(dir, 'copy') });
  for (let i = seed.chunkCount - 1; i >= 0; i--)
    expect(await store.writeChunk(i, await seed.readChunk(i))).toBe('stored');
  await store.finish();
  await store.readChunk(0);
  await store.close();
  const again = await createManifest(join(dir, 'copy'));
  expect(again.document.digests).toEqual(document.digests);
  expect(readFileSync(join(dir, 'copy/b/x')).length).toBe(500_001);
  expect(existsSync(join(dir, 'copy/empty'))).toBe(true);
  expect(existsSync(join(dir, '.copy.shoal-partial'))).toBe(false);
  rmSync(dir, { recursive: true });
});
