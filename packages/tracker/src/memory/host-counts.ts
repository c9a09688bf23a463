// How many peers each host has in the table, so that nobody fills it from one. An IPv6 host is its /64: who has one
// address there has them all. Loopback hosts are not counted: whoever is here is already in.

import { ipScope, isIpv4 } from '@shoal/machine';

/** Addresses are given as the bytes of their host, which begin at `at` of `source`. */
export class HostCounts {
  readonly #counts = new Map<number, number>();

  of(source: Uint8Array, at: number): number {
    return this.#counts.get(hostNumber(source, at)) ?? 0;
  }

  add(source: Uint8Array, at: number): void {
    const host = hostNumber(source, at);
    if (host !== loopback) this.#counts.set(host, (this.#counts.get(host) ?? 0) + 1);
  }

  remove(source: Uint8Array, at: number): void {
    const host = hostNumber(source, at);
    const count = this.#counts.get(host);
    if (count === undefined) return;
    if (count === 1) this.#counts.delete(host);
    else this.#counts.set(host, count - 1);
  }
}

const loopback = -1;

/** A number for a host: IPv4 as it is; of an IPv6 /64 all but its first 16 bits, in which global addresses hardly differ. */
function hostNumber(source: Uint8Array, at: number): number {
  if (ipScope(source, at) === 'loopback') return loopback;
  const [from, to] = isIpv4(source, at) ? [12, 16] : [2, 8];
  let number = isIpv4(source, at) ? 0 : 1;
  for (let i = from; i < to; i += 1) number = number * 256 + source[at + i]!;
  return number;
}
