// The one tree that the file list and the chunk table of a manifest are bound by. A node is a digest and the number of
// content bytes below it; a parent hashes both of its children, sizes included, so that a proof of any leaf also proves
// where its content lies, and nobody, the maker of the tree included, can prove two leaves into the same bytes.
//   node as written   bytes (8, big-endian), digest (32)
//   parent            bytes: the sum; digest: H(left as written, right as written)
// Shape as in RFC 6962 section 2.1: the left half is the largest power of two below the number of leaves. Whoever knows
// that number knows the depth of every leaf, so a leaf cannot pass for a node, and no prefix is needed.

import { bytesEqual, invariant } from '@shoal/machine';
import { digestBytes, type Hash } from './hash.ts';

export interface TreeNode {
  readonly digest: Uint8Array;
  /** Content below it. */
  readonly bytes: number;
}

/** Size of a node as written. */
export const nodeBytes: number = 8 + digestBytes;

/** Leaves from `from` up to, not including, `to`. A run of none is proven by nothing. */
export interface LeafRun {
  readonly from: number;
  readonly to: number;
}

/** Subtrees of at least this many leaves are remembered, so a proof hashes at most twice as many anew. A power of two. */
export const rememberedLeaves = 1024;

/** A tree whose leaves are at hand. Nothing is hashed before it is asked for. */
export class HashTree {
  readonly #count: number;
  readonly #leafAt: (leaf: number) => TreeNode;
  readonly #hash: Hash;
  readonly #remembered = new Map<string, TreeNode>();
  #root: TreeNode | undefined;

  /** `leafAt` must give the same leaves whenever it is asked. */
  constructor(count: number, leafAt: (leaf: number) => TreeNode, hash: Hash) {
    this.#count = count;
    this.#leafAt = leafAt;
    this.#hash = hash;
  }

  get root(): TreeNode {
    return (this.#root ??= this.#count === 0 ? emptyRoot(this.#hash) : this.#node(0, this.#count));
  }

  /** The nodes beside a run of leaves that lead from it to the root, as written: at most two for each level. */
  prove({ from, to }: LeafRun): Uint8Array {
    invariant(from >= 0 && from <= to && to <= this.#count, 'a run of leaves lies inside the tree');
    const beside: TreeNode[] = [];
    if (from < to) this.#collectBeside(0, this.#count, { from, to }, beside);
    const proof = new Uint8Array(beside.length * nodeBytes);
    for (const [index, node] of beside.entries()) writeNode(proof, index * nodeBytes, node);
    return proof;
  }

  #collectBeside(low: number, high: number, run: LeafRun, beside: TreeNode[]): void {
    if (isBeside(low, high, run)) beside.push(this.#node(low, high));
    else if (!(low >= run.from && high <= run.to)) {
      const middle = splitOf(low, high);
      this.#collectBeside(low, middle, run, beside);
      this.#collectBeside(middle, high, run, beside);
    }
  }

  #node(low: number, high: number): TreeNode {
    if (high - low === 1) return this.#leafAt(low);
    const name = high - low < rememberedLeaves ? undefined : `${low} ${high}`;
    const known = name === undefined ? undefined : this.#remembered.get(name);
    if (known !== undefined) return known;
    const middle = splitOf(low, high);
    const node = parent(this.#node(low, middle), this.#node(middle, high), this.#hash);
    if (name !== undefined) this.#remembered.set(name, node);
    return node;
  }
}

/** How many bytes the proof of a run has, in a tree of `count` leaves. */
export function proofBytes(count: number, run: LeafRun): number {
  const beside = (low: number, high: number): number => {
    if (isBeside(low, high, run)) return 1;
    if (low >= run.from && high <= run.to) return 0;
    const middle = splitOf(low, high);
    return beside(low, middle) + beside(middle, high);
  };
  return run.from < run.to ? beside(0, count) * nodeBytes : 0;
}

/** What is known of a tree whose leaves are elsewhere. */
export interface KnownTree {
  readonly count: number;
  readonly root: TreeNode;
}

/**
 * Where the content of `leaves`, the run from `from` on, begins, once `proof` shows that they are those of the tree;
 * undefined when it does not.
 */
export function startOfRun(
  { count, root }: KnownTree,
  from: number,
  leaves: readonly TreeNode[],
  proof: Uint8Array,
  hash: Hash,
): number | undefined {
  const run = { from, to: from + leaves.length };
  if (run.to > count || proof.length !== proofBytes(count, run)) return undefined;
  if (leaves.length === 0) return 0;
  let at = 0;
  let start = 0;
  const climb = (low: number, high: number): TreeNode => {
    if (isBeside(low, high, run)) {
      const node = readNode(proof, at);
      at += nodeBytes;
      if (high <= from) start += node.bytes;
      return node;
    }
    if (high - low === 1) return leaves[low - from]!;
    const middle = splitOf(low, high);
    const left = climb(low, middle);
    return parent(left, climb(middle, high), hash);
  };
  const reached = climb(0, count);
  // Sizes only grow on the way up: when the root's is right, none was beyond exact counting.
  return reached.bytes === root.bytes && bytesEqual(reached.digest, root.digest) ? start : undefined;
}

const isBeside = (low: number, high: number, { from, to }: LeafRun): boolean => high <= from || low >= to;

/** Where the right half of the leaves from `low` to `high`, at least two, begins. */
const splitOf = (low: number, high: number): number => low + 2 ** (31 - Math.clz32(high - low - 1));

function parent(left: TreeNode, right: TreeNode, hash: Hash): TreeNode {
  writeNode(pair, 0, left);
  writeNode(pair, nodeBytes, right);
  return { digest: hash.digest(pair), bytes: left.bytes + right.bytes };
}

/** What a parent hashes: memory of its own for each would cost more than the hash. */
const pair = new Uint8Array(2 * nodeBytes);

/** Of a tree without leaves: the digest of nothing. */
const emptyRoot = (hash: Hash): TreeNode => ({ digest: hash.digest(new Uint8Array(0)), bytes: 0 });

function writeNode(target: Uint8Array, at: number, { digest, bytes }: TreeNode): void {
  for (let rest = bytes, index = at + 7; index >= at; index -= 1) {
    target[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  target.set(digest, at + 8);
}

function readNode(source: Uint8Array, at: number): TreeNode {
  const view = new DataView(source.buffer, source.byteOffset + at);
  const bytes = view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  return { digest: source.subarray(at + 8, at + nodeBytes), bytes };
}
