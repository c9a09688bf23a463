import { describe, expect, test } from 'vitest';
import { type ContentBody, describeContent } from '../src/describe-content.ts';
import { pureHashes } from '../src/hash.ts';
import { describeSet } from './browser/describe-set.ts';
import type { VectorSet } from './vector-sets.ts';
import vectors from './vectors/file-sets.json' with { type: 'json' };

const sets = (vectors.sets as readonly VectorSet[]).filter(({ chunking }) => chunking.kind === 'fixed');
const bytes = new Uint8Array(300_000).map((_, index) => index % 239);

/** Says it has `size` bytes, and gives these. */
const body = (size: number, given: Uint8Array<ArrayBuffer>): ContentBody => ({
  size,
  stream: () => new Blob([given]).stream(),
});

const describeFiles = (...bodies: ContentBody[]) =>
  describeContent({
    kind: 'folder',
    name: 'set',
    files: bodies.map((body, index) => ({ path: `f${index}`, body })),
    hashes: pureHashes,
  });

describe('content that comes as streams', () => {
  test.each(['blob', 'stream'] as const)('has the golden vectors, as %s', async (form) => {
    const found = await Promise.all(sets.map((set) => describeSet(set, form, pureHashes)));
    expect(found).toEqual(sets.map(({ swarmId }) => swarmId));
  });

  test.each([
    [299_999, 'f1'],
    [300_001, 'f1'],
    [1, 'f1'],
  ])('that is not of the %i bytes it says is refused by name', async (size, name) => {
    for (const bodies of [
      [body(5, bytes.subarray(0, 5)), body(size, bytes)],
      [body(5, bytes.subarray(0, 5)), body(size, bytes), body(7, bytes.subarray(0, 7))],
    ])
      expect(await describeFiles(...bodies)).toMatchObject({
        reason: 'mismatch',
        detail: expect.stringContaining(name),
      });
  });

  test('whose stream fails, fails as that did', async () => {
    const failing = {
      size: 9,
      stream: () => ({
        getReader: () => ({ read: () => Promise.reject(new Error('gone')), cancel: () => Promise.resolve() }),
      }),
    };
    await expect(describeFiles(failing)).rejects.toThrow('gone');
  });

  test('with a name nobody may have is refused', async () => {
    const files = [{ path: '../x', body: body(3, bytes.subarray(0, 3)) }];
    expect(await describeContent({ kind: 'folder', name: 'set', files, hashes: pureHashes })).toMatchObject({
      reason: 'nameUnsafe',
    });
  });
});
