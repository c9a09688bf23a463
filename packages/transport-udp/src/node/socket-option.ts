// Socket options that node:dgram does not offer, by their Linux numbers (socket(7), udp(7), ip(7), ipv6(7)).

import type { SocketCalls } from './socket-calls.ts';

type Option = readonly [level: number, name: number];

interface Options {
  readonly segment: Option;
  readonly receiveCoalesced: Option;
  readonly ipv4PathMtu: Option;
  readonly ipv6PathMtu: Option;
  readonly ipv6Only: Option;
  /** Value of the two for path MTUs: never fragment, and believe no ICMP message about sizes. */
  readonly probing: number;
}

export const options: Options = {
  segment: [17, 103],
  receiveCoalesced: [17, 104],
  ipv4PathMtu: [0, 10],
  ipv6PathMtu: [41, 23],
  ipv6Only: [41, 26],
  probing: 3,
};

/** Sets and reads back: an interface that misunderstood us may still say success. */
export function setOption(calls: SocketCalls, fd: number, [level, name]: Option, value: number): boolean {
  const wanted = new Uint8Array(Int32Array.of(value).buffer);
  if (calls.setsockopt(fd, level, name, wanted, wanted.length) !== 0) return false;
  const got = new Uint8Array(4);
  return readInto(calls, fd, [level, name], got) === 4 && new Int32Array(got.buffer)[0] === value;
}

const memoryInfo: Option = [1, 55];
const drops = 8; // SK_MEMINFO_DROPS, of words of 32 bits

/** Datagrams that did not fit the receive buffer; undefined where the system does not tell. */
export function readDrops(calls: SocketCalls, fd: number): number | undefined {
  const words = new Uint32Array(drops + 1);
  const bytes = new Uint8Array(words.buffer);
  return readInto(calls, fd, memoryInfo, bytes) === bytes.length ? words[drops] : undefined;
}

/** How many bytes were written. */
function readInto(calls: SocketCalls, fd: number, [level, name]: Option, out: Uint8Array): number {
  const length = Int32Array.of(out.length);
  return calls.getsockopt(fd, level, name, out, new Uint8Array(length.buffer)) === 0 ? length[0]! : 0;
}
