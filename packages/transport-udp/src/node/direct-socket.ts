// A UDP socket by system calls of our own. node:dgram allocates 64 KiB for each buffer it reads and a request for each it
// sends; here one buffer is read into for ever, and a send is over when the call returns. And it has options that
// node:dgram does not: one send of up to 64 KiB leaves as many datagrams (UDP_SEGMENT), several that arrived come as one
// buffer (UDP_GRO; Linux: udp(7)), and none is ever fragmented (RFC 8899 section 3). node:dgram is lent the descriptor:
// it tells when there is something, takes what the system cannot take now, and closes it.

import type { Address } from '@shoal/machine';
import { addressBytes, decodeAddress, encodeAddress, type Family, familyNumbers } from './socket-address.ts';
import type { SocketCalls } from './socket-calls.ts';
import { options, readDrops, setOption } from './socket-option.ts';

const sockDgramCloexec = 2 | 0o2000000;
const messageDontWait = 0x40;
const arenaBytes = 65_536; // more than a datagram, or a coalesced buffer, can have

export class DirectSocket {
  readonly fd: number;
  /** Several datagrams may come as one buffer. */
  readonly gro: boolean;
  /** What is too large for the way out is refused, what is too large for a link further on is dropped there. */
  readonly unfragmented: boolean;
  readonly #calls: SocketCalls;
  readonly #family: Family;
  #segmenting: boolean;
  /** What UDP_SEGMENT says: larger sends are cut into datagrams of this size. 0: none is. */
  #segmentBytes = 0;
  readonly #arena = new Uint8Array(arenaBytes);
  readonly #arenaBytes = BigInt(arenaBytes);
  readonly #from: Uint8Array;
  readonly #fromBytes = new Uint8Array(4);
  readonly #addressBytes: Uint8Array;
  /** Of the latest sender: mostly the next one is the same. */
  readonly #senderFrom: Uint8Array;
  #sender: Address = { host: '', port: 0 };
  readonly #encoded = new WeakMap<Address, Uint8Array>();

  private constructor(calls: SocketCalls, fd: number, family: Family) {
    this.#calls = calls;
    this.fd = fd;
    this.#family = family;
    this.#from = new Uint8Array(addressBytes[family]);
    this.#senderFrom = new Uint8Array(addressBytes[family]);
    this.#addressBytes = new Uint8Array(Int32Array.of(addressBytes[family]).buffer);
    this.gro = setOption(calls, fd, options.receiveCoalesced, 1);
    // A socket for both families has both options.
    const ipv6 = family === 4 || setOption(calls, fd, options.ipv6PathMtu, options.probing);
    this.unfragmented = setOption(calls, fd, options.ipv4PathMtu, options.probing) && ipv6;
    this.#segmenting =
      setOption(calls, fd, options.segment, arenaBytes >> 1) && setOption(calls, fd, options.segment, 0);
  }

  /** Undefined when anything does not work: the caller then binds in the plain way, and gets the plain way's errors. */
  static open(calls: SocketCalls, address: Address, family: Family): DirectSocket | undefined {
    const encoded = encodeAddress(calls, address, family);
    const fd = encoded === undefined ? -1 : calls.socket(familyNumbers[family], sockDgramCloexec, 0);
    if (fd < 0) return undefined;
    const both = family === 4 || setOption(calls, fd, options.ipv6Only, 0);
    if (both && calls.bind(fd, encoded!, encoded!.length) === 0) return new DirectSocket(calls, fd, family);
    calls.close(fd);
    return undefined;
  }

  /** True while a send may hold several datagrams. */
  get segmenting(): boolean {
    return this.#segmenting;
  }

  /** Datagrams that the system threw away because the receive buffer was full. */
  get drops(): number | undefined {
    return readDrops(this.#calls, this.fd);
  }

  /** Some device on the way out refused to cut. */
  stopSegmenting(): void {
    this.#segmenting = false;
    this.#setSegment(0);
  }

  /**
   * Hands over one buffer that waits in the socket; false when there is none. The bytes may be read only within
   * `handle`: the next call overwrites them.
   */
  receive(handle: (bytes: Uint8Array, from: Address) => void): boolean {
    this.#fromBytes.set(this.#addressBytes);
    const length = this.#calls.recvfrom(
      this.fd,
      this.#arena,
      this.#arenaBytes,
      messageDontWait,
      this.#from,
      this.#fromBytes,
    );
    if (length < 0) return false;
    handle(this.#arena.subarray(0, length), this.#latestSender());
    return true;
  }

  /**
   * Sends datagrams of `segmentBytes`, the last of which may be shorter. False when the system did not take them, for
   * whatever reason: node:dgram then finds out which, by the same bytes.
   */
  send(bytes: Uint8Array, segmentBytes: number, to: Address): boolean {
    // Each size that changes costs a call, so one is left as it is where it does no harm.
    if (bytes.length > segmentBytes) this.#setSegment(segmentBytes);
    else if (bytes.length > this.#segmentBytes) this.#setSegment(0);
    const encoded = this.#encode(to);
    if (encoded === undefined) return false;
    const { length } = encoded;
    return this.#calls.sendto(this.fd, bytes, BigInt(bytes.length), messageDontWait, encoded, length) >= 0;
  }

  #setSegment(bytes: number): void {
    if (bytes !== this.#segmentBytes && setOption(this.#calls, this.fd, options.segment, bytes))
      this.#segmentBytes = bytes;
  }

  #encode(to: Address): Uint8Array | undefined {
    let encoded = this.#encoded.get(to);
    if (encoded === undefined) {
      encoded = encodeAddress(this.#calls, to, this.#family);
      if (encoded !== undefined) this.#encoded.set(to, encoded);
    }
    return encoded;
  }

  #latestSender(): Address {
    const [from, known] = [this.#from, this.#senderFrom];
    for (let i = 0; i < from.length; i += 1) {
      if (from[i] === known[i]) continue;
      known.set(from);
      this.#sender = decodeAddress(this.#calls, from, this.#family);
      break;
    }
    return this.#sender;
  }
}
