import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { digestAt } from '../../src/chunk-table.ts';
import { contentDefinedFor } from '../../src/content-defined/sizes.ts';
import { pureHashes } from '../../src/hash.ts';
import { decodeDocument, encodeDocument, type ManifestDocument } from '../../src/manifest-document.ts';
import { createManifest } from '../../src/node/create-manifest.ts';
import { noiseBytes } from '../content-defined/some-bytes.ts';
import { temporaryFolder } from './temporary.ts';

const chunking = 'contentDefined';

const digestsOf = ({ digests, layout }: ManifestDocument): string[] =>
  Array.from({ length: layout.chunkCount }, (_, chunk) => toHex(digestAt(digests, chunk)));

const chunksOnlyIn = (one: ManifestDocument, other: ManifestDocument): number => {
  const known = new Set(digestsOf(other));
  return digestsOf(one).filter((digest) => !known.has(digest)).length;
};

const bytesOf = (n: number): Uint8Array => noiseBytes(5000 + n * 1000, n + 1);

describe('a manifest of content-defined chunks', () => {
  test.each([0, 1, 4, 5, 6, 7679, 7680, 102_401, 491_520, 1_000_000])('of %i bytes has them all', async (size) => {
    const bytes = noiseBytes(size);
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, bytes);
    const { document } = await createManifest(path, { chunking });
    const { layout, digests } = document;
    expect(document.manifest.chunking).toEqual(contentDefinedFor(size));
    expect(layout.totalBytes).toBe(size);
    expect(layout.chunkCount).toBeGreaterThanOrEqual(Math.min(5, size));
    for (let chunk = 0; chunk < layout.chunkCount; chunk += 1) {
      const start = layout.chunkStart(chunk);
      const slice = bytes.subarray(start, start + layout.sizeOfChunk(chunk));
      expect(digestAt(digests, chunk)).toEqual(pureHashes.blake3.digest(slice));
    }
    const read = decodeDocument(encodeDocument(document), { expected: document.swarmId, hashes: pureHashes });
    expect(read).toMatchObject({ ok: true, value: { swarmId: document.swarmId } });
  });

  test('has at most 3 other chunks after one byte is put in front of 100 MB', async () => {
    const folder = temporaryFolder();
    const bytes = noiseBytes(100_000_000);
    const paths = [join(folder, 'before'), join(folder, 'after')] as const;
    writeFileSync(paths[0], bytes);
    writeFileSync(paths[1], Uint8Array.of(1));
    writeFileSync(paths[1], bytes, { flag: 'a' });
    const [before, after] = [
      await createManifest(paths[0], { chunking }),
      await createManifest(paths[1], { chunking }),
    ];
    expect(after.document.layout.chunkCount).toBeGreaterThan(2000);
    expect(chunksOnlyIn(after.document, before.document)).toBeLessThanOrEqual(3);
  });

  test('has the chunks of the other files unchanged when files come, change and go', async () => {
    const root = join(temporaryFolder(), 'set');
    mkdirSync(root);
    for (let n = 10; n < 60; n += 1) writeFileSync(join(root, `file-${n}`), bytesOf(n));
    const before = await createManifest(root, { chunking });
    writeFileSync(join(root, 'file-20a'), bytesOf(99));
    writeFileSync(join(root, 'file-30'), bytesOf(31));
    const after = await createManifest(root, { chunking });
    // 104,000 bytes came, and the end of a file may share a chunk with the next: it takes some files to fall into step.
    expect(before.document.layout.chunkCount).toBeGreaterThan(60);
    expect(chunksOnlyIn(after.document, before.document)).toBeLessThanOrEqual(12);
    expect(chunksOnlyIn(before.document, after.document)).toBeLessThanOrEqual(8);
  });

  test('is refused for what nobody can cut', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, noiseBytes(1000));
    await expect(createManifest(path, { chunking: 'rolling' as 'fixed' })).rejects.toThrow('chunking:');
    await expect(createManifest(path, { chunking, chunkBytes: 100 })).rejects.toThrow('chunkBytes:');
  });
});
