// The Merkle tree over chunk digests, as RFC 6962 section 2.1 builds it: leaves and nodes hashed under different
// prefixes, a lone node at the end of a level carried up unchanged. Its root in the manifest fixes the whole table,
// and one chunk can be proved with log2(n) digests.

import { invariant } from '@shoal/machine';
import { digestBytes, type Hash } from './hash.ts';

const leafPrefix = 0;
const nodePrefix = 1;

/** The root over `table`, chunk digests one after the other; for no chunks the hash of nothing. */
export function merkleRoot(table: Uint8Array, hash: Hash): Uint8Array {
  invariant(table.length % digestBytes === 0, 'a chunk table holds whole digests');
  let count = table.length / digestBytes;
  if (count === 0) return hash.digest(new Uint8Array(0));
  const level = new Uint8Array(table.length);
  for (let leaf = 0; leaf < count; leaf += 1) level.set(leafHash(digestAt(table, leaf), hash), leaf * digestBytes);
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let node = 0; node < Math.ceil(count / 2); node += 1) {
      const [left, right] = [2 * node, 2 * node + 1];
      const digest =
        right < count ? nodeHash(digestAt(level, left), digestAt(level, right), hash) : digestAt(level, left);
      level.set(digest, node * digestBytes);
    }
  }
  return level.slice(0, digestBytes);
}

/** The digest at `index` of a table, as a view. */
export const digestAt = (table: Uint8Array, index: number): Uint8Array =>
  table.subarray(index * digestBytes, (index + 1) * digestBytes);

function leafHash(digest: Uint8Array, hash: Hash): Uint8Array {
  const input = new Uint8Array(1 + digestBytes);
  input[0] = leafPrefix;
  input.set(digest, 1);
  return hash.digest(input);
}

function nodeHash(left: Uint8Array, right: Uint8Array, hash: Hash): Uint8Array {
  const input = new Uint8Array(1 + 2 * digestBytes);
  input[0] = nodePrefix;
  input.set(left, 1);
  input.set(right, 1 + digestBytes);
  return hash.digest(input);
}
