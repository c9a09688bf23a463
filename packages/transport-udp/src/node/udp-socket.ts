// A UDP socket as the transport wants it: sends whole batches from a few reused buffers, hands received buffers on,
// never throws for what the network does. By calls of our own where the machine lets us make them, plainly elsewhere.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type Address, isIpv6, ShoalError, UsageError } from '@shoal/machine';
import type { Transmit } from '../datagram-machine.ts';
import { DirectSocket } from './direct-socket.ts';
import type { ForeignCalls } from './foreign-calls.ts';
import { type Family, mappedHost, plainHost } from './socket-address.ts';
import { socketCalls } from './socket-calls.ts';

export interface UdpSocketOptions {
  /** An address of this machine; '0.0.0.0' (default) for all of IPv4, '::' for all of both families. */
  readonly host?: string;
  /** 0 (default) for any free one. */
  readonly port?: number;
  /** What calls of our own are made with; none to do without. */
  readonly foreign?: ForeignCalls | undefined;
  /** Asked of the system for each direction; it may grant less. Default 4 MiB. */
  readonly socketBufferBytes?: number;
}

/** How datagrams pass between us and the system, and what went wrong there. */
export interface SocketStats {
  /** Which way several datagrams cross to or from the system as one; `by` names the interface that asked for it. */
  readonly offload: { readonly gso: boolean; readonly gro: boolean; readonly by: string } | undefined;
  /** Granted by the system, which may be less than was asked for. */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  /** Datagrams that were thrown away because the receive buffer was full; undefined where the system does not tell. */
  readonly kernelDrops: number | undefined;
  readonly sends: number;
  /** Those of them that went through node:dgram, because there is no other way or the system was full. */
  readonly sendsQueued: number;
  /** Buffers; offload puts several datagrams into one. */
  readonly receives: number;
  /** Those of them that node:dgram brought; the others were taken from the socket at once, without an event each. */
  readonly receiveEvents: number;
  readonly sendErrors: number;
  /** Code of the latest send error. */
  readonly lastSendError: string | undefined;
}

/** The largest UDP payload over IPv4 (RFC 768), and over IPv6 on a loopback of 65,536 bytes. */
const payloadBytesMax: Readonly<Record<Family, number>> = { 4: 65_507, 6: 65_488 };
const batchBytes = 65_507; // below the 64 datagrams that older kernels cut at most, from 1,200 bytes on
const queuedBuffersMax = 16; // 1 MiB on its way through the event loop; more waits in the machine
const receivesMax = 64; // in one turn of the event loop: 4 MiB at most, then others have theirs
const eventsPerTurn = 32; // libuv brings no more, whatever waits

export class UdpSocket {
  readonly address: Address;
  readonly family: Family;
  readonly #socket: Socket;
  readonly #direct: DirectSocket | undefined;
  readonly #directBy: string;
  readonly #freeBuffers: Uint8Array[] = [];
  readonly #buffersMax: number;
  #buffersMade = 0;
  #closed = false;
  /** Somebody was told that there is no buffer. */
  #drained = false;
  #handle: (bytes: Uint8Array, from: Address) => void = () => {};
  #receivesLeft = receivesMax;
  #sends = 0;
  #sendsQueued = 0;
  #receives = 0;
  #receiveEvents = 0;
  /** As many events as there were when `moreWaits` was last asked. */
  #eventsAsked = 0;
  #sendErrors = 0;
  #lastSendError: string | undefined;
  /** Called when a buffer is free again after there was none. */
  onDrained: () => void = () => {};

  private constructor(socket: Socket, family: Family, direct: DirectSocket | undefined, by: string) {
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.family = family;
    this.#socket = socket;
    this.#direct = direct;
    this.#directBy = by;
    // With calls of our own a buffer is back at once, unless the system is full: then nothing may overtake it.
    this.#buffersMax = direct === undefined ? queuedBuffersMax : 1;
    socket.on('error', () => {
      this.#sendErrors += 1; // an unasked-for error of a UDP socket concerns one datagram
    });
  }

  /** Binds. Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
  static async open(options: UdpSocketOptions): Promise<UdpSocket> {
    const { host = '0.0.0.0', port = 0, foreign, socketBufferBytes = 4 * 2 ** 20 } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UsageError('port', `must be from 0 to 65535, not ${port}`);
    const family = isIpv6(host) ? 6 : 4;
    const calls = foreign === undefined ? undefined : socketCalls(foreign);
    const direct = calls === undefined ? undefined : DirectSocket.open(calls, { host, port }, family);
    const socket = createSocket({
      type: `udp${family}`,
      // Addresses come looked up; this keeps node:dgram from putting a lookup and a tick between us and the system.
      lookup: (address, _options, done) => done(null, address, family),
    });
    await bound(socket, direct === undefined ? { address: host, port } : { fd: direct.fd }, { host, port });
    enlargeBuffers(socket, socketBufferBytes);
    return new UdpSocket(socket, family, direct, foreign?.by ?? '');
  }

  get stats(): SocketStats {
    const direct = this.#closed ? undefined : this.#direct;
    return {
      offload: direct && { gso: direct.segmenting, gro: direct.gro, by: this.#directBy },
      receiveBufferBytes: this.#closed ? 0 : granted(this.#socket.getRecvBufferSize()),
      sendBufferBytes: this.#closed ? 0 : granted(this.#socket.getSendBufferSize()),
      kernelDrops: this.kernelDrops,
      sends: this.#sends,
      sendsQueued: this.#sendsQueued,
      receives: this.#receives,
      receiveEvents: this.#receiveEvents,
      sendErrors: this.#sendErrors,
      lastSendError: this.#lastSendError,
    };
  }

  /** As in `stats`, which ask the system for more. */
  get kernelDrops(): number | undefined {
    return this.#closed ? undefined : this.#direct?.drops;
  }

  /** Largest datagram that may be tried; undefined where those too large for the way would be fragmented. */
  get datagramBytesMax(): number | undefined {
    const { host } = this.address;
    const unfragmented = this.#direct?.unfragmented === true || host === '::1' || host.startsWith('127.');
    return unfragmented ? payloadBytesMax[this.family] : undefined;
  }

  /** Whether an address is of a kind that the socket can send to. */
  reaches(host: string): boolean {
    return this.address.host === '::' || isIpv6(host) === (this.family === 6);
  }

  /** Each buffer holds one datagram, or several of one sender back to back; it may be read only within the call. */
  onReceived(handle: (bytes: Uint8Array, from: Address) => void): void {
    this.#handle = (bytes, from) => {
      this.#receives += 1;
      handle(bytes, from);
    };
    this.#socket.on('message', (bytes: Uint8Array, from: RemoteInfo) => {
      this.#receiveEvents += 1;
      this.#handle(bytes, { host: plainHost(from.address), port: from.port });
      this.#drain(); // the rest of what woke us, in its order
    });
  }

  /** Hands over what has arrived meanwhile, where that needs no event. To be called once a turn of the event loop. */
  receiveMore(): void {
    this.#receivesLeft = receivesMax;
    this.#drain();
  }

  /** True when this turn of the event loop has probably not brought all that the socket holds. To be asked once a turn. */
  moreWaits(): boolean {
    const events = this.#receiveEvents - this.#eventsAsked;
    this.#eventsAsked = this.#receiveEvents;
    return events >= eventsPerTurn;
  }

  /** A buffer to fill, or undefined while all are on their way (`onDrained` follows). */
  takeBuffer(): Uint8Array | undefined {
    const free = this.#freeBuffers.pop();
    if (free !== undefined || this.#closed) return free;
    if (this.#buffersMade === this.#buffersMax) {
      this.#drained = true;
      return undefined;
    }
    this.#buffersMade += 1;
    return new Uint8Array(batchBytes);
  }

  giveBuffer(buffer: Uint8Array): void {
    this.#freeBuffers.push(buffer);
    if (!this.#drained) return;
    this.#drained = false;
    this.onDrained();
  }

  /** Sends what a machine wrote into `buffer`, and takes the buffer back afterwards. */
  send(buffer: Uint8Array, transmit: Transmit): void {
    const { length, segmentBytes, address } = transmit;
    const step = this.#direct?.segmenting === true ? length : segmentBytes;
    this.#sends += Math.ceil(length / step);
    let at = 0;
    // Once closed, the descriptor may be somebody else's.
    if (!this.#closed && this.#direct !== undefined)
      for (; at < length; at += step)
        if (!this.#direct.send(buffer.subarray(at, Math.min(length, at + step)), segmentBytes, address)) break;
    if (at >= length) return this.giveBuffer(buffer);
    this.#enqueue(buffer, at, step, transmit);
  }

  /** By node:dgram, which keeps their order: once it is done with the last of them, it is with all. */
  #enqueue(buffer: Uint8Array, from: number, step: number, { length, address }: Transmit): void {
    const done = (error: NodeJS.ErrnoException | null): void => {
      if (error !== null) this.#noteError(error);
      this.giveBuffer(buffer);
    };
    const host = mappedHost(address.host, this.family);
    try {
      let at = from;
      // Views: given an offset instead, node:dgram makes one at a higher price.
      for (; at + step < length; at += step) {
        this.#sendsQueued += 1;
        this.#socket.send(buffer.subarray(at, at + step), address.port, host);
      }
      this.#sendsQueued += 1;
      this.#socket.send(buffer.subarray(at, length), address.port, host, done);
    } catch (error) {
      done(error as NodeJS.ErrnoException); // an address that the system does not take
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #drain(): void {
    while (this.#receivesLeft > 0 && !this.#closed && this.#direct?.receive(this.#handle) === true)
      this.#receivesLeft -= 1;
  }

  /** What the system did not send is lost, and recovered like anything lost. */
  #noteError({ code }: NodeJS.ErrnoException): void {
    this.#sendErrors += 1;
    this.#lastSendError = code;
    if (!this.#closed && (code === 'EIO' || code === 'EINVAL')) this.#direct?.stopSegmenting();
  }
}

function bound(
  socket: Socket,
  options: { fd: number } | { address: string; port: number },
  at: Address,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(bindError(error, at));
    socket.once('error', failed);
    // With a descriptor, 'listening' comes before bind returns.
    socket.once('listening', () => {
      socket.off('error', failed);
      resolve();
    });
    socket.bind(options);
  });
}

function bindError(error: NodeJS.ErrnoException, { host, port }: Address): ShoalError {
  const where = `${host} port ${port}`;
  if (error.code === 'EADDRINUSE')
    return new ShoalError('addressInUse', `${where} is in use: choose another port`, { cause: error });
  if (error.code === 'EACCES')
    return new ShoalError('permissionDenied', `${where} may not be used: choose a port above 1023`, { cause: error });
  return new ShoalError('networkFailed', `${where} cannot be used (${error.code}): give an address of this machine`, {
    cause: error,
  });
}

/** Asks for larger buffers; the system grants what its limits allow. */
function enlargeBuffers(socket: Socket, bytes: number): void {
  for (const set of [() => socket.setRecvBufferSize(bytes), () => socket.setSendBufferSize(bytes)]) {
    try {
      set();
    } catch {
      continue; // some systems refuse instead of granting less; the default stays
    }
  }
}

/** Linux says twice what fits: it counts its own overhead in. */
const granted = (bytes: number): number => (process.platform === 'linux' ? bytes / 2 : bytes);
