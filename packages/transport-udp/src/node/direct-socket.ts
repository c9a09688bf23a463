// Datagrams in and out of a socket by system calls of our own. node:dgram allocates 64 KiB for each buffer it reads and
// a request for each it sends; here one buffer is read into for ever, and a send is over when the call returns.
// node:dgram still owns the descriptor: it tells when there is something, and takes what the system cannot take now.

import { endianness } from 'node:os';
import { isIPv4 } from 'node:net';
import type { Address } from '@shoal/machine';
import type { SocketCalls } from './socket-calls.ts';

const afInet = 2;
const messageDontWait = 0x40;
const addressBytes = 16; // struct sockaddr_in
const arenaBytes = 65_536; // more than a datagram, or a coalesced buffer, can have

export class DirectSocket {
  readonly #calls: SocketCalls;
  readonly #fd: number;
  readonly #arena = new Uint8Array(arenaBytes);
  readonly #arenaBytes = BigInt(arenaBytes);
  readonly #from = new Uint8Array(addressBytes);
  readonly #fromView = new DataView(this.#from.buffer);
  readonly #fromBytes = new Uint8Array(4);
  readonly #addressBytes = new Uint8Array(Int32Array.of(addressBytes).buffer);
  /** Of the latest sender: mostly the next one is the same. */
  #fromHost = -1;
  #fromPort = -1;
  #sender: Address = { host: '0.0.0.0', port: 0 };
  readonly #encoded = new WeakMap<Address, Uint8Array>();

  constructor(calls: SocketCalls, fd: number) {
    this.#calls = calls;
    this.#fd = fd;
  }

  /**
   * Hands over one buffer that waits in the socket; false when there is none. The bytes may be read only within
   * `handle`: the next call overwrites them.
   */
  receive(handle: (bytes: Uint8Array, from: Address) => void): boolean {
    this.#fromBytes.set(this.#addressBytes);
    const length = this.#calls.recvfrom(
      this.#fd,
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

  /** False when the system did not take it, for whatever reason: node:dgram then finds out which. */
  send(bytes: Uint8Array, to: Address): boolean {
    let encoded = this.#encoded.get(to);
    if (encoded === undefined) {
      if (!isIPv4(to.host)) return false;
      encoded = socketAddress(to);
      this.#encoded.set(to, encoded);
    }
    return this.#calls.sendto(this.#fd, bytes, BigInt(bytes.length), messageDontWait, encoded, addressBytes) >= 0;
  }

  #latestSender(): Address {
    const [host, port] = [this.#fromView.getUint32(4), this.#fromView.getUint16(2)];
    if (host !== this.#fromHost || port !== this.#fromPort) {
      this.#fromHost = host;
      this.#fromPort = port;
      this.#sender = { host: this.#from.subarray(4, 8).join('.'), port };
    }
    return this.#sender;
  }
}

/** struct sockaddr_in of an IPv4 address. */
export function socketAddress({ host, port }: Address): Uint8Array {
  const bytes = new Uint8Array(addressBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, afInet, endianness() === 'LE');
  view.setUint16(2, port);
  bytes.set(host.split('.').map(Number), 4);
  return bytes;
}
