import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pureHashes } from '../src/hash.ts';
import { chunkVerifies, decodeDocument, documentBytesMax, makeDocument } from '../src/manifest-document.ts';
import { parseSwarmId } from '../src/swarm-id.ts';
import { sampleSet } from '../src/testing/index.ts';

const { document, chunks } = sampleSet([1500, 2500, 0, 3]);
const hashes = pureHashes;
const expected = document.swarmId;

describe('manifest document', () => {
  test('goes through bytes unchanged', () => {
    const answer = decodeDocument(document.bytes.slice(), { expected, hashes });
    expect(answer).toEqual({ ok: true, value: document });
  });

  test('no change of any byte is accepted', () => {
    fc.assert(
      fc.property(fc.nat(document.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = document.bytes.slice();
        bytes[at]! ^= flip;
        expect(decodeDocument(bytes, { expected, hashes }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('without a swarm to expect it still has to agree with itself', () => {
    expect(decodeDocument(document.bytes, { hashes })).toMatchObject({ ok: true });
    const bytes = document.bytes.slice();
    bytes[bytes.length - 1]! ^= 1;
    expect(decodeDocument(bytes, { hashes })).toMatchObject({ ok: false, reason: 'mismatch' });
  });

  test('arbitrary and cut-off bytes never throw', () => {
    const cut = fc.nat(document.bytes.length - 1).map((end) => document.bytes.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), cut), (bytes) => {
        expect(decodeDocument(bytes, { hashes }).ok).toBe(false);
      }),
    );
  });

  test('of another swarm is told as such', () => {
    const other = sampleSet([1501]).document;
    expect(decodeDocument(other.bytes, { expected, hashes })).toMatchObject({ reason: 'mismatch' });
    expect(decodeDocument(new Uint8Array(documentBytesMax + 1), { expected, hashes })).toMatchObject({
      reason: 'tooLarge',
    });
  });

  test('a chunk verifies as itself and as nothing else', () => {
    expect(chunks.map((bytes, chunk) => chunkVerifies(document, chunk, bytes, hashes))).toEqual(chunks.map(() => true));
    expect(chunkVerifies(document, 1, chunks[0]!, hashes)).toBe(false);
    expect(chunkVerifies(document, 0, chunks[0]!.subarray(1), hashes)).toBe(false);
  });

  test('works with SHA-256, whose swarm is another', () => {
    const table = new Uint8Array(Buffer.concat(chunks.map((bytes) => hashes.sha256.digest(bytes))));
    const made = makeDocument({ ...document.manifest, hash: 'sha256' }, table, hashes);
    const { value } = made as typeof made & { ok: true };
    expect(value.swarmId).not.toBe(expected);
    expect(decodeDocument(value.bytes, { expected: value.swarmId, hashes }).ok).toBe(true);
    expect(chunkVerifies(value, 2, chunks[2]!, hashes)).toBe(true);
  });

  test('is not made of what no manifest may hold', () => {
    const contents = { ...document.manifest, name: '..' };
    expect(makeDocument(contents, document.table, hashes)).toMatchObject({ ok: false, reason: 'nameUnsafe' });
  });

  test('a swarm identity is 64 lower-case digits', () => {
    expect(parseSwarmId(expected)).toBe(expected);
    for (const text of ['', expected.toUpperCase(), expected.slice(1), `${expected}0`, `${expected}\n`])
      expect(parseSwarmId(text)).toBeUndefined();
  });
});
