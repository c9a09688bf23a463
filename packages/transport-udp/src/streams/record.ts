// A record is the encrypted unit of a stream: up to 65,520 bytes sealed at once, because one AEAD call costs as much as
// a packet is worth. Its nonce is the stream id and where it starts among the stream's sealed bytes; the key belongs to
// the direction. Whether it is the stream's last is authenticated with it, so nobody can cut a stream short.

import { type Aead, tagBytes } from '../crypto.ts';

/** Largest record with its tag: what the 16 bits of a packet header can say. */
export const recordBytesMax = 65_536;
/** Most plaintext in one record. */
export const recordPlaintextBytesMax: number = recordBytesMax - tagBytes;

const associatedLast = Uint8Array.of(1);
const associatedMore = Uint8Array.of(0);
const nonce = new Uint8Array(12); // scratch: filled and used within one call
const nonceView = new DataView(nonce.buffer);

export function sealRecord(
  aead: Aead,
  stream: number,
  start: number,
  last: boolean,
  plaintext: Uint8Array,
  out: Uint8Array,
): void {
  setNonce(stream, start);
  aead.seal(nonce, last ? associatedLast : associatedMore, plaintext, out);
}

/** Opens `sealed` in place: the plaintext is all but its last 16 bytes. False when any bit is not what the remote sealed. */
export function openRecord(aead: Aead, stream: number, start: number, last: boolean, sealed: Uint8Array): boolean {
  setNonce(stream, start);
  return aead.openInto(nonce, last ? associatedLast : associatedMore, sealed, sealed);
}

function setNonce(stream: number, start: number): void {
  nonceView.setUint32(0, stream);
  nonceView.setUint32(4, Math.floor(start / 2 ** 32));
  nonceView.setUint32(8, start >>> 0);
}

/** Smaller records have memory of their own size: keeping it would cost as much as it saves. */
const pooledBytesMin = 2_048;

/**
 * Spare memory for sealed records, so that a transfer does not allocate 64 KiB for each, nor a server for each answer:
 * what the collector does not see grow it need not come for. Sizes are powers of two. One for an endpoint.
 */
export class RecordMemory {
  /** Where one record's plaintext is gathered from small writes: filled and sealed within one call. */
  readonly scratch: Uint8Array = new Uint8Array(recordPlaintextBytesMax);
  /** By the logarithm of their size. */
  readonly #spare: ArrayBufferLike[][] = [];
  readonly #spareMax: number;
  /** What users have. By the very array they were given: an older one over the same memory counts for nothing. */
  readonly #lent = new WeakSet<Uint8Array>();

  /** Keeps so many spare ones of each size. */
  constructor(spareMax = 128) {
    this.#spareMax = spareMax;
  }

  /** At least `bytes` of memory with any content. */
  take(bytes: number): Uint8Array {
    if (bytes < pooledBytesMin) return new Uint8Array(bytes);
    const size = 32 - Math.clz32(bytes - 1);
    return new Uint8Array(this.#spare[size]?.pop() ?? new ArrayBuffer(1 << size), 0, bytes);
  }

  /** Nobody may read `memory`, which was taken here, any more. */
  give({ buffer }: Uint8Array): void {
    if (!isPooled(buffer)) return;
    const spare = (this.#spare[31 - Math.clz32(buffer.byteLength)] ??= []);
    if (spare.length < this.#spareMax) spare.push(buffer);
  }

  /** Puts `memory`, which was taken here, into a user's hands. */
  lend(memory: Uint8Array): void {
    if (isPooled(memory.buffer)) this.#lent.add(memory);
  }

  /** Takes from a user what was lent, once; anything else is left alone. */
  giveBack(memory: Uint8Array): void {
    if (this.#lent.delete(memory)) this.give(memory);
  }
}

const isPooled = ({ byteLength }: ArrayBufferLike): boolean =>
  byteLength >= pooledBytesMin && byteLength <= recordBytesMax && (byteLength & (byteLength - 1)) === 0;
