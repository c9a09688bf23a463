// A machine that speaks datagrams: what a socket, or a simulated network, drives.

import type { Address, Instant, Machine } from '@shoal/machine';

/** What to send: the first `length` bytes of the buffer, cut into datagrams of `segmentBytes` (the last may be shorter). */
export interface Transmit {
  readonly length: number;
  readonly segmentBytes: number;
  readonly address: Address;
}

export interface DatagramMachine<Output> extends Machine<Output> {
  /** Takes in what the socket received: one datagram, or several of one sender back to back. Never throws. */
  handleDatagram(bytes: Uint8Array, from: Address, now: Instant): void;
  /**
   * Fills `buffer` with datagrams for one address; undefined when nothing may leave now. Call it until then after
   * every other call. The longer the buffer (up to 64 KiB), the more leaves in one go.
   */
  pollTransmit(buffer: Uint8Array, now: Instant): Transmit | undefined;
}
