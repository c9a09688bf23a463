// How large datagrams to the remote may be (RFC 8899, Datagram Packetization Layer Path MTU Discovery). Larger sizes are
// tried with probes that nobody misses; a size in use that swallows everything is noticed and left for the base size.
// Needs a socket that forbids fragmentation wherever sizes above the first one are allowed.

import { after, earliest, type Instant, NEVER } from '@shoal/machine';

/** What every path carries (RFC 8899 section 5.1.2, BASE_PLPMTU): the handshake has shown it. */
const baseDatagramBytes = 1_200;
/** Sizes worth trying between base and limit: IPv6's minimum, tunnels, PPPoE, Ethernet with IPv6 and IPv4, jumbo frames. */
const plateaus = [1_232, 1_300, 1_352, 1_392, 1_412, 1_432, 1_452, 1_464, 1_472, 2_048, 4_052, 8_972, 16_336, 32_720];
const ethernetBytes = 1_472;
const probesMax = 3; // RFC 8899 section 5.1.2, MAX_PROBES
const raiseMs = 600_000; // RFC 8899 section 5.1.1, PMTU_RAISE_TIMER
/** So many round trips with large packets lost, smaller ones behind them acknowledged, and no large one through. */
const suspicionsMax = 3;

interface Probe {
  readonly bytes: number;
  readonly packetNumber: number;
  readonly lostAt: Instant;
}

export class MtuSearch {
  readonly #limit: number;
  #bytes: number;
  /** Sizes from here on have failed; just above the limit at first. */
  #failedFrom: number;
  #probe: Probe | undefined;
  #next: number | undefined;
  #tries = 0;
  #raiseAt: Instant = NEVER;
  #suspicions = 0;
  #suspectedAt: Instant | undefined;

  /** `bytes` are used at once; sizes up to `limit` are tried. */
  constructor(bytes: number, limit: number) {
    this.#bytes = bytes;
    this.#limit = Math.max(bytes, limit);
    this.#failedFrom = this.#limit + 1;
    this.#choose();
  }

  /** Size of full datagrams. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The size to try now with a datagram of its own; undefined when there is nothing to find out. */
  get wanted(): number | undefined {
    return this.#probe === undefined ? this.#next : undefined;
  }

  /** A probe of `wanted` bytes left; it is missed after `patienceMs`. */
  probeSent(bytes: number, packetNumber: number, patienceMs: number, now: Instant): void {
    this.#probe = { bytes, packetNumber, lostAt: after(now, patienceMs) };
  }

  /** `ranges` of packet numbers (flat, start and end half-open) are acknowledged; true when the size has grown by it. */
  probeAcked(ranges: readonly number[], now: Instant): boolean {
    const probe = this.#probe;
    if (probe === undefined) return false;
    const { packetNumber, bytes } = probe;
    if (!ranges.some((start, i) => i % 2 === 0 && packetNumber >= start && packetNumber < ranges[i + 1]!)) return false;
    this.#bytes = bytes;
    this.#settleProbe(now);
    this.#suspicions = 0;
    return true;
  }

  /** The largest of some acknowledged packets has `bytes`. */
  packetsAcked(bytes: number): void {
    if (bytes > baseDatagramBytes) this.#suspicions = 0;
  }

  /**
   * Packets up to `bytes` large were lost, others sent after them were not: true when the path has stopped carrying
   * large ones (RFC 8899 section 4.3), and base size is in use from now on. One round trip counts once, so that a full
   * queue does not look like a black hole.
   */
  packetsLost(bytes: number, srttMs: number, now: Instant): boolean {
    if (bytes <= baseDatagramBytes || this.#bytes <= baseDatagramBytes) return false;
    if (this.#suspectedAt !== undefined && now < after(this.#suspectedAt, srttMs)) return false;
    this.#suspectedAt = now;
    this.#suspicions += 1;
    if (this.#suspicions < suspicionsMax) return false;
    this.#failedFrom = this.#bytes;
    this.#restart(now);
    return true;
  }

  /** The path is another one (RFC 9000 section 14.3). */
  leavePath(): void {
    this.#failedFrom = this.#limit + 1;
    this.#restart();
  }

  nextTimeout(): Instant {
    return earliest(this.#probe?.lostAt ?? NEVER, this.#raiseAt);
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#raiseAt) {
      this.#raiseAt = NEVER;
      this.#failedFrom = this.#limit + 1;
      this.#choose();
    }
    if (this.#probe === undefined || now < this.#probe.lostAt) return;
    const { bytes } = this.#probe;
    this.#probe = undefined;
    this.#tries += 1;
    if (this.#tries < probesMax) return;
    this.#failedFrom = bytes;
    this.#settleProbe(now);
  }

  #settleProbe(now: Instant): void {
    this.#probe = undefined;
    this.#tries = 0;
    // What failed may succeed after a change of route.
    if (this.#failedFrom <= this.#limit) this.#raiseAt = after(now, raiseMs);
    this.#choose();
  }

  /** The largest first, then Ethernet's: one of them is mostly the answer. Then halving. */
  #choose(): void {
    if (this.#failedFrom > this.#limit) {
      this.#next = this.#limit > this.#bytes ? this.#limit : undefined;
      return;
    }
    const sizes = plateaus.filter((size) => size > this.#bytes && size < this.#failedFrom);
    this.#next = sizes.includes(ethernetBytes) ? ethernetBytes : sizes[sizes.length >> 1];
  }

  #restart(now?: Instant): void {
    this.#bytes = Math.min(this.#bytes, baseDatagramBytes);
    this.#probe = undefined;
    this.#tries = 0;
    this.#suspicions = 0;
    this.#suspectedAt = undefined;
    this.#raiseAt = now === undefined ? NEVER : after(now, raiseMs);
    this.#choose();
  }
}
