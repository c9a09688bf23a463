// What is known of every packet sent and not yet settled: a ring of columns indexed by packet number, so that
// the hot path allocates nothing per packet.

import type { Frame } from '../packet/frames.ts';
import { type Instant, instant } from '@shoal/machine';

export const packetStates = { none: 0, inFlight: 1, acknowledged: 2, lost: 3 } as const;

/** Kind of payload in the `stream` column when the packet carried control frames. */
export const controlPayload = -1;

/** Slots to begin with: an idle connection should cost little. A power of two. */
const firstSize = 64;

export class SentPackets {
  #mask: number = firstSize - 1;
  #state = new Uint8Array(firstSize);
  #sentAt = new Float64Array(firstSize);
  #bytes = new Uint32Array(firstSize);
  #stream = new Float64Array(firstSize);
  #offset = new Float64Array(firstSize);
  #length = new Uint32Array(firstSize);
  #tokens: (readonly Frame[] | undefined)[] = Array.from({ length: firstSize });
  /** Lowest packet number that may still be in flight. */
  lowest = 0;
  /** The number the next packet gets. */
  next = 0;
  /** Bytes of ack-eliciting packets neither acknowledged nor lost. */
  bytesInFlight = 0;
  inFlightCount = 0;

  /** Notes a packet with a piece of a stream; `offset` counts the stream's sealed bytes. Returns its number. */
  addPiece(now: Instant, bytes: number, stream: number, offset: number, length: number): number {
    const slot = this.#add(now, bytes, stream);
    this.#offset[slot] = offset;
    this.#length[slot] = length;
    return this.next - 1;
  }

  /** Notes an ack-eliciting packet with control frames. */
  addControl(now: Instant, bytes: number, tokens: readonly Frame[]): number {
    const slot = this.#add(now, bytes, controlPayload);
    this.#tokens[slot] = tokens;
    return this.next - 1;
  }

  /** Uses up a number for a packet that nobody waits for (only acknowledgements in it). */
  skip(): number {
    this.#reserve();
    this.#state[this.next & this.#mask] = packetStates.none;
    this.next += 1;
    return this.next - 1;
  }

  state(packetNumber: number): number {
    return this.#holds(packetNumber) ? this.#state[packetNumber & this.#mask]! : packetStates.none;
  }

  sentAt(packetNumber: number): Instant {
    return instant(this.#sentAt[packetNumber & this.#mask]!);
  }

  bytes(packetNumber: number): number {
    return this.#bytes[packetNumber & this.#mask]!;
  }

  /** The stream whose piece it carried, or `controlPayload`. */
  stream(packetNumber: number): number {
    return this.#stream[packetNumber & this.#mask]!;
  }

  offset(packetNumber: number): number {
    return this.#offset[packetNumber & this.#mask]!;
  }

  length(packetNumber: number): number {
    return this.#length[packetNumber & this.#mask]!;
  }

  tokens(packetNumber: number): readonly Frame[] {
    return this.#tokens[packetNumber & this.#mask] ?? [];
  }

  /** Takes a packet out of flight. A lost one stays known for a while, to tell a late acknowledgement. */
  settle(packetNumber: number, state: 2 | 3): void {
    const slot = packetNumber & this.#mask;
    if (this.#state[slot] === packetStates.inFlight) {
      this.bytesInFlight -= this.#bytes[slot]!;
      this.inFlightCount -= 1;
    }
    this.#state[slot] = state;
    this.#tokens[slot] = undefined;
    while (this.lowest < this.next && this.#state[this.lowest & this.#mask] !== packetStates.inFlight) this.lowest += 1;
  }

  #holds(packetNumber: number): boolean {
    return packetNumber < this.next && packetNumber >= this.next - this.#mask - 1 && packetNumber >= 0;
  }

  #add(now: Instant, bytes: number, stream: number): number {
    this.#reserve();
    const slot = this.next & this.#mask;
    this.#state[slot] = packetStates.inFlight;
    this.#sentAt[slot] = now;
    this.#bytes[slot] = bytes;
    this.#stream[slot] = stream;
    if (this.inFlightCount === 0) this.lowest = this.next;
    this.next += 1;
    this.bytesInFlight += bytes;
    this.inFlightCount += 1;
    return slot;
  }

  /** Makes room for one more: the ring doubles when its oldest slot is still in flight. */
  #reserve(): void {
    if (this.inFlightCount === 0 || this.next - this.lowest <= this.#mask) return;
    const [oldMask, size] = [this.#mask, 2 * (this.#mask + 1)];
    const move = <T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T => {
      for (let n = this.lowest; n < this.next; n += 1) to[n & (size - 1)] = from[n & oldMask]!;
      return to;
    };
    this.#state = move(this.#state, new Uint8Array(size));
    this.#sentAt = move(this.#sentAt, new Float64Array(size));
    this.#bytes = move(this.#bytes, new Uint32Array(size));
    this.#stream = move(this.#stream, new Float64Array(size));
    this.#offset = move(this.#offset, new Float64Array(size));
    this.#length = move(this.#length, new Uint32Array(size));
    const tokens: (readonly Frame[] | undefined)[] = Array.from({ length: size });
    for (let n = this.lowest; n < this.next; n += 1) tokens[n & (size - 1)] = this.#tokens[n & oldMask];
    this.#tokens = tokens;
    this.#mask = size - 1;
  }
}
