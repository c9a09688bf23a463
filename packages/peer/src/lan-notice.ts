// What a peer says to everybody on its local network: under which port it is reached, and in which swarms it is. In the
// manner of BEP 14, but a swarm is named by a hash with its id as the key and a nonce, so that bystanders learn nothing,
// and who knows the id finds its like; in a private swarm who knows its secret too. The host is where the datagram comes
// from: nobody can name another.
//
//   'shoal' 1   nonce (16 bytes)   port (2 bytes)   tags (16 bytes each)

import type { HashSuite } from '@shoal/chunker';
import { bytesEqual } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';

const magic = Uint8Array.of(0x73, 0x68, 0x6f, 0x61, 0x6c, 1);
export const nonceBytes = 16;
const tagBytes = 16;
const portAt = magic.length + nonceBytes;
const tagsAt = portAt + 2;
/** So many swarms are told at once: a datagram stays below any path's MTU. */
export const swarmsPerNoticeMax = 64;

/** What the tags are made with, and read with. */
export interface TagKeys {
  readonly hashes: HashSuite;
  /** Of those who may find one another, where not everybody may: 32 bytes. */
  readonly secret?: Uint8Array | undefined;
}

export function encodeNotice(port: number, swarms: readonly SwarmId[], nonce: Uint8Array, keys: TagKeys): Uint8Array {
  const bytes = new Uint8Array(tagsAt + swarms.length * tagBytes);
  bytes.set(magic);
  bytes.set(nonce, magic.length);
  new DataView(bytes.buffer).setUint16(portAt, port);
  for (const [i, swarm] of swarms.entries()) bytes.set(tagOf(swarm, nonce, keys), tagsAt + i * tagBytes);
  return bytes;
}

/** The port, and which of our own swarms are told; undefined when it is no notice. */
export function readNotice(
  bytes: Uint8Array,
  own: readonly SwarmId[],
  keys: TagKeys,
): { readonly port: number; readonly swarms: readonly SwarmId[] } | undefined {
  const tagCount = (bytes.length - tagsAt) / tagBytes;
  if (!Number.isInteger(tagCount) || tagCount < 0 || tagCount > swarmsPerNoticeMax) return undefined;
  if (!bytesEqual(bytes.subarray(0, magic.length), magic)) return undefined;
  const port = (bytes[portAt]! << 8) | bytes[portAt + 1]!;
  if (port === 0) return undefined;
  const nonce = bytes.subarray(magic.length, portAt);
  const tags = new Set<string>();
  for (let at = tagsAt; at < bytes.length; at += tagBytes) tags.add(bytes.subarray(at, at + tagBytes).join());
  return { port, swarms: own.filter((swarm) => tags.has(tagOf(swarm, nonce, keys).join())) };
}

/** BLAKE3 needs no HMAC: keys of fixed length before the text are enough. */
function tagOf(swarm: SwarmId, nonce: Uint8Array, { hashes, secret = noSecret }: TagKeys): Uint8Array {
  const text = new Uint8Array(32 + secret.length + nonceBytes);
  for (let i = 0; i < 32; i += 1) text[i] = Number.parseInt(swarm.slice(2 * i, 2 * i + 2), 16);
  text.set(secret, 32);
  text.set(nonce, 32 + secret.length);
  return hashes.blake3.digest(text).slice(0, tagBytes);
}

const noSecret = new Uint8Array(0);
