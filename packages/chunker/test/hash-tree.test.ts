import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hash, pureHashes } from '../src/hash.ts';
import { HashTree, nodeBytes, proofBytes, startOfRun, type TreeNode } from '../src/hash-tree.ts';

const hash = pureHashes.blake3;

const leavesOf = (count: number): TreeNode[] =>
  Array.from({ length: count }, (_, index) => ({
    digest: hash.digest(Uint8Array.of(index, index >> 8)),
    bytes: index * 3,
  }));

const leaf = (index: number): TreeNode => ({ digest: new Uint8Array(32).fill(index), bytes: index });

const treeOf = (leaves: readonly TreeNode[], by: Hash = hash): HashTree =>
  new HashTree(leaves.length, (index) => leaves[index]!, by);

function written({ digest, bytes }: TreeNode): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(bytes));
  return Buffer.concat([size, digest]);
}

/** The definition at the head of hash-tree.ts, word for word. */
function rootByTheBook(leaves: readonly TreeNode[], by: Hash): TreeNode {
  if (leaves.length === 0) return { digest: by.digest(new Uint8Array(0)), bytes: 0 };
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  const [left, right] = [rootByTheBook(leaves.slice(0, k), by), rootByTheBook(leaves.slice(k), by)];
  return { digest: by.digest(Buffer.concat([written(left), written(right)])), bytes: left.bytes + right.bytes };
}

const runs = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat())
  .map(([count, a, b]) => ({ count, from: Math.min(a % count, b % count), to: Math.max(a % count, b % count) + 1 }));

describe('hash tree', () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33])('of %i leaves is as its definition says', (count) => {
    for (const by of Object.values(pureHashes))
      expect(treeOf(leavesOf(count), by).root).toEqual(rootByTheBook(leavesOf(count), by));
  });

  test('any run is proven by what lies beside it, and so is where its content begins', () => {
    fc.assert(
      fc.property(runs, ({ count, from, to }) => {
        const leaves = leavesOf(count);
        const tree = treeOf(leaves);
        const proof = tree.prove({ from, to });
        const start = leaves.slice(0, from).reduce((sum, { bytes }) => sum + bytes, 0);
        expect(startOfRun({ count, root: tree.root }, from, leaves.slice(from, to), proof, hash)).toBe(start);
        expect(proof.length).toBe(proofBytes(count, { from, to }));
        expect(proof.length / nodeBytes).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)));
      }),
    );
  });

  test('no other leaf, size, place or proof is taken', () => {
    const lies = fc.constantFrom('digest', 'bytes', 'shift', 'proof', 'place');
    fc.assert(
      fc.property(runs, lies, fc.nat(), ({ count, from, to }, lie, seed) => {
        fc.pre(count > 1);
        const leaves = leavesOf(count);
        const tree = treeOf(leaves);
        const proof = tree.prove({ from, to });
        const run = leaves.slice(from, to).map(({ digest, bytes }) => ({ digest: digest.slice(), bytes }));
        const at = seed % run.length;
        if (lie === 'digest') run[at]!.digest[seed % 32]! ^= 1 << (seed & 7);
        if (lie === 'bytes') run[at]!.bytes += 1 + (seed % 100);
        if (lie === 'shift') {
          // The sum stays, and so would the start of what follows.
          fc.pre(run.length > 1 && run[0]!.bytes !== run[1]!.bytes);
          [run[0]!.bytes, run[1]!.bytes] = [run[1]!.bytes, run[0]!.bytes];
        }
        if (lie === 'proof') {
          fc.pre(proof.length > 0);
          proof[seed % proof.length]! ^= 1 << (seed & 7);
        }
        const place = lie === 'place' ? (from + 1 + (seed % count)) % (count + 1) : from;
        fc.pre(lie !== 'place' || place !== from);
        expect(startOfRun({ count, root: tree.root }, place, run, proof, hash)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('a proof with sizes beyond counting is none', () => {
    const leaves = leavesOf(2);
    const { root } = treeOf(leaves);
    const proof = treeOf(leaves).prove({ from: 0, to: 1 }).fill(255);
    expect(startOfRun({ count: 2, root }, 0, [leaves[0]!], proof, hash)).toBeUndefined();
  });

  test('a proof cut short, too long, or of no leaves is none', () => {
    const leaves = leavesOf(5);
    const tree = treeOf(leaves);
    const proof = tree.prove({ from: 1, to: 2 });
    const five = { count: 5, root: tree.root };
    expect(startOfRun(five, 1, [leaves[1]!], proof, hash)).toBe(0);
    expect(startOfRun(five, 1, [leaves[1]!], proof.subarray(1), hash)).toBeUndefined();
    expect(startOfRun(five, 1, [leaves[1]!], Uint8Array.of(...proof, 0), hash)).toBeUndefined();
    expect(startOfRun(five, 1, [], proof, hash)).toBeUndefined();
    expect(startOfRun(five, 4, leaves.slice(0, 2), proof, hash)).toBeUndefined();
    expect(startOfRun({ count: 0, root: tree.root }, 0, [], proof, hash)).toBeUndefined();
  });

  test('a large tree proves what lies beyond the subtrees it remembers', () => {
    const tree = new HashTree(10_001, leaf, hash);
    for (const [from, to] of [
      [0, 4096],
      [4096, 8192],
      [8192, 10_001],
      [10_000, 10_001],
      [5000, 5001],
    ] as const) {
      const run = Array.from({ length: to - from }, (_, index) => leaf(from + index));
      expect(startOfRun({ count: 10_001, root: tree.root }, from, run, tree.prove({ from, to }), hash)).toBeDefined();
    }
  });
});
