import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Chunking, fixedChunks } from '../../src/chunking.ts';
import { hashSet } from '../../src/node/hash-set.ts';
import { scanFiles } from '../../src/node/scan-files.ts';
import { noiseBytes } from '../content-defined/some-bytes.ts';
import { temporaryFolder } from './temporary.ts';

const chunkings: readonly [string, Chunking][] = [
  ['content-defined', { kind: 'contentDefined', minBytes: 1536, averageBytes: 6144, maxBytes: 24_576 }],
  ['fixed', fixedChunks(30_000)],
];

test.each(chunkings)('three threads find the %s chunks that one finds', async (_, chunking) => {
  const root = join(temporaryFolder(), 'set');
  mkdirSync(root);
  writeFileSync(join(root, 'noise'), noiseBytes(3_000_000));
  writeFileSync(join(root, 'zeros'), new Uint8Array(800_001)); // no cuts but those of the largest size
  writeFileSync(join(root, 'more'), noiseBytes(1_500_000, 2));
  for (let n = 0; n < 300; n += 1) writeFileSync(join(root, `small-${n}`), noiseBytes(n * 7, n + 1));
  const { files } = await scanFiles(root);
  const told: number[] = [];
  const one = await hashSet({ files, chunking, hash: 'blake3', threads: 1 });
  const request = { files, chunking, hash: 'blake3', threads: 3, segmentBytes: 120_000 } as const;
  const several = await hashSet({ ...request, onHashed: (end) => told.push(end) });
  expect(several.write()).toEqual(one.write());
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
});
