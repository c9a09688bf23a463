// The few socket calls that node:dgram does not offer, or does not offer without allocating.

import type { ForeignCalls, Signatures } from './foreign-calls.ts';

/** Calls answer as in C: -1 for failure. */
export interface SocketCalls {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  recvfrom(
    fd: number,
    out: Uint8Array,
    length: bigint,
    flags: number,
    address: Uint8Array,
    addressLength: Uint8Array,
  ): number;
  sendto(
    fd: number,
    bytes: Uint8Array,
    length: bigint,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  close(fd: number): number;
  /** Texts are C strings. */
  inet_pton(family: number, text: Uint8Array, out: Uint8Array): number;
  inet_ntop(family: number, address: Uint8Array, out: Uint8Array, length: number): unknown;
  if_nametoindex(name: Uint8Array): number;
  if_indextoname(index: number, out: Uint8Array): unknown;
}

const signatures = {
  socket: { takes: ['i32', 'i32', 'i32'], gives: 'i32' },
  bind: { takes: ['i32', 'bytes', 'u32'], gives: 'i32' },
  setsockopt: { takes: ['i32', 'i32', 'i32', 'bytes', 'u32'], gives: 'i32' },
  getsockopt: { takes: ['i32', 'i32', 'i32', 'bytes', 'bytes'], gives: 'i32' },
  recvfrom: { takes: ['i32', 'bytes', 'size', 'i32', 'bytes', 'bytes'], gives: 'i32' },
  sendto: { takes: ['i32', 'bytes', 'size', 'i32', 'bytes', 'u32'], gives: 'i32' },
  close: { takes: ['i32'], gives: 'i32' },
  inet_pton: { takes: ['i32', 'bytes', 'bytes'], gives: 'i32' },
  inet_ntop: { takes: ['i32', 'bytes', 'bytes', 'u32'], gives: 'pointer' },
  if_nametoindex: { takes: ['bytes'], gives: 'i32' },
  if_indextoname: { takes: ['u32', 'bytes'], gives: 'pointer' },
} satisfies Signatures;

/** Undefined when the interface does not give them. */
export const socketCalls = (foreign: ForeignCalls): SocketCalls | undefined =>
  foreign.functions(signatures) as SocketCalls | undefined;
