// What is known of every packet sent and not yet settled.

import type { Frame } from '../packet/frames.ts';
import { type Instant, instant } from '@shoal/machine';
import { PacketRing } from './packet-ring.ts';

export const packetStates = { none: 0, inFlight: 1, acknowledged: 2, lost: 3 } as const;

/** Kind of payload in the `stream` field when the packet carried control frames. */
export const controlPayload = -1;

// The fields of a row.
const [stateField, sentAtField, bytesField, streamField, offsetField, lengthField] = [0, 1, 2, 3, 4, 5] as const;
const fields = 6;

export class SentPackets {
  readonly #ring = new PacketRing(fields);
  /** Of packets in flight with control frames: what they carry. */
  readonly #frames = new Map<number, readonly Frame[]>();
  /** Lowest packet number that may still be in flight. */
  lowest = 0;
  /** The number the next packet gets. */
  next = 0;
  /** Bytes of ack-eliciting packets neither acknowledged nor lost. */
  bytesInFlight = 0;
  inFlightCount = 0;
  /** Control frames in packets in flight. */
  framesInFlight = 0;

  /** Notes a packet with a piece of a stream; `offset` counts the stream's sealed bytes. Returns its number. */
  addPiece(now: Instant, bytes: number, stream: number, offset: number, length: number): number {
    const packetNumber = this.#add(now, bytes, stream);
    this.#ring.set(packetNumber, offsetField, offset);
    this.#ring.set(packetNumber, lengthField, length);
    return packetNumber;
  }

  /** Notes an ack-eliciting packet with control frames. */
  addControl(now: Instant, bytes: number, frames: readonly Frame[]): number {
    const packetNumber = this.#add(now, bytes, controlPayload);
    this.#frames.set(packetNumber, frames);
    this.framesInFlight += frames.length;
    return packetNumber;
  }

  /** Uses up a number for a packet that nobody waits for (only acknowledgements in it). */
  skip(): number {
    this.#reserve();
    this.#ring.set(this.next, stateField, packetStates.none);
    this.next += 1;
    return this.next - 1;
  }

  state(packetNumber: number): number {
    return this.#holds(packetNumber) ? this.#ring.get(packetNumber, stateField) : packetStates.none;
  }

  sentAt(packetNumber: number): Instant {
    return instant(this.#ring.get(packetNumber, sentAtField));
  }

  bytes(packetNumber: number): number {
    return this.#ring.get(packetNumber, bytesField);
  }

  /** The stream whose piece it carried, or `controlPayload`. */
  stream(packetNumber: number): number {
    return this.#ring.get(packetNumber, streamField);
  }

  offset(packetNumber: number): number {
    return this.#ring.get(packetNumber, offsetField);
  }

  length(packetNumber: number): number {
    return this.#ring.get(packetNumber, lengthField);
  }

  frames(packetNumber: number): readonly Frame[] {
    return this.#frames.get(packetNumber) ?? [];
  }

  /** Takes a packet out of flight. A lost one stays known for a while, to tell a late acknowledgement. */
  settle(packetNumber: number, state: 2 | 3): void {
    const ring = this.#ring;
    if (ring.get(packetNumber, stateField) === packetStates.inFlight) {
      this.bytesInFlight -= ring.get(packetNumber, bytesField);
      this.inFlightCount -= 1;
      this.framesInFlight -= this.frames(packetNumber).length;
    }
    ring.set(packetNumber, stateField, state);
    if (ring.get(packetNumber, streamField) === controlPayload) this.#frames.delete(packetNumber);
    while (this.lowest < this.next && ring.get(this.lowest, stateField) !== packetStates.inFlight) this.lowest += 1;
  }

  #holds(packetNumber: number): boolean {
    return packetNumber < this.next && packetNumber >= this.next - this.#ring.size && packetNumber >= 0;
  }

  #add(now: Instant, bytes: number, stream: number): number {
    this.#reserve();
    const packetNumber = this.next;
    const ring = this.#ring;
    ring.set(packetNumber, stateField, packetStates.inFlight);
    ring.set(packetNumber, sentAtField, now);
    ring.set(packetNumber, bytesField, bytes);
    ring.set(packetNumber, streamField, stream);
    if (this.inFlightCount === 0) this.lowest = packetNumber;
    this.next += 1;
    this.bytesInFlight += bytes;
    this.inFlightCount += 1;
    return packetNumber;
  }

  /** Makes room for one more: the ring grows when its oldest packet is still in flight. */
  #reserve(): void {
    if (this.inFlightCount > 0) this.#ring.reserve(this.next, this.lowest);
  }
}
