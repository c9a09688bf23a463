// A UDP socket as the transport wants it: sends whole batches from a few reused buffers, hands received buffers on,
// never throws for what the network does. With segmentation offload where the machine has it, plainly elsewhere.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type Address, ShoalError, UsageError } from '@shoal/machine';
import type { Transmit } from '../datagram-machine.ts';
import { DirectSocket } from './direct-socket.ts';
import { type OffloadedSocket, openOffloadedSocket } from './offload.ts';
import type { ForeignCalls } from './foreign-calls.ts';
import { socketCalls } from './socket-calls.ts';

export interface UdpSocketOptions {
  /** An address of this machine; '0.0.0.0' (default) or '::' for all. */
  readonly host?: string;
  /** 0 (default) for any free one. */
  readonly port?: number;
  /** What offload is asked for with; none to do without. */
  readonly foreign?: ForeignCalls | undefined;
  /** Asked of the system for each direction; it may grant less. Default 4 MiB. */
  readonly socketBufferBytes?: number;
  /** Size of full datagrams. */
  readonly datagramBytes: number;
}

/** How datagrams pass between us and the system, and what went wrong there. */
export interface SocketStats {
  /** `by` names the interface that switched offload on; undefined without. */
  readonly offload: { readonly gso: boolean; readonly gro: boolean; readonly by: string } | undefined;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
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

const batchBytesMax = 65_507; // the largest UDP payload over IPv4
const sendBuffersMax = 16; // 1 MiB on its way through the event loop; more waits in the machine
const receivesMax = 64; // in one turn of the event loop: 4 MiB at most, then others have theirs
const eventsPerTurn = 32; // libuv brings no more, whatever waits
const segmentsMax = 64; // UDP_MAX_SEGMENTS of older kernels

export class UdpSocket {
  readonly address: Address;
  readonly #socket: Socket;
  readonly #offloaded: OffloadedSocket | undefined;
  readonly #direct: DirectSocket | undefined;
  readonly #offloadBy: string;
  readonly #freeBuffers: Uint8Array[] = [];
  readonly #batchBytes: number;
  #buffersMade = 0;
  #segmenting: boolean;
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

  private constructor(
    socket: Socket,
    offloaded: OffloadedSocket | undefined,
    direct: DirectSocket | undefined,
    by: string,
    datagramBytes: number,
  ) {
    const { address, port } = socket.address();
    this.address = { host: address, port };
    this.#socket = socket;
    this.#offloaded = offloaded;
    this.#direct = direct;
    this.#offloadBy = by;
    this.#segmenting = offloaded !== undefined;
    this.#batchBytes = Math.min(batchBytesMax, datagramBytes * segmentsMax);
    socket.on('error', () => {
      this.#sendErrors += 1; // an unasked-for error of a UDP socket concerns one datagram
    });
  }

  /** Binds. Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
  static async open(options: UdpSocketOptions): Promise<UdpSocket> {
    const { host = '0.0.0.0', port = 0, foreign, socketBufferBytes = 4 * 2 ** 20, datagramBytes } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new UsageError('port', `must be from 0 to 65535, not ${port}`);
    const calls = foreign === undefined ? undefined : socketCalls(foreign);
    const offloaded = calls === undefined ? undefined : openOffloadedSocket(calls, host, port, datagramBytes);
    const family = isIPv6(host) ? 6 : 4;
    const socket = createSocket({
      type: `udp${family}`,
      // Addresses come looked up; this keeps node:dgram from putting a lookup and a tick between us and the system.
      lookup: (address, _options, done) => done(null, address, family),
    });
    await bound(socket, offloaded === undefined ? { address: host, port } : { fd: offloaded.fd }, { host, port });
    enlargeBuffers(socket, socketBufferBytes);
    const direct = offloaded === undefined ? undefined : new DirectSocket(calls!, offloaded.fd);
    return new UdpSocket(socket, offloaded, direct, foreign?.by ?? '', datagramBytes);
  }

  get stats(): SocketStats {
    const gso = this.#segmenting;
    return {
      offload: this.#offloaded === undefined ? undefined : { gso, gro: this.#offloaded.gro, by: this.#offloadBy },
      receiveBufferBytes: this.#closed ? 0 : this.#socket.getRecvBufferSize(),
      sendBufferBytes: this.#closed ? 0 : this.#socket.getSendBufferSize(),
      sends: this.#sends,
      sendsQueued: this.#sendsQueued,
      receives: this.#receives,
      receiveEvents: this.#receiveEvents,
      sendErrors: this.#sendErrors,
      lastSendError: this.#lastSendError,
    };
  }

  /** Each buffer holds one datagram, or several of one sender back to back; it may be read only within the call. */
  onReceived(handle: (bytes: Uint8Array, from: Address) => void): void {
    this.#handle = (bytes, from) => {
      this.#receives += 1;
      handle(bytes, from);
    };
    this.#socket.on('message', (bytes: Uint8Array, from: RemoteInfo) => {
      this.#receiveEvents += 1;
      this.#handle(bytes, { host: from.address, port: from.port });
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
    if (this.#buffersMade === sendBuffersMax) {
      this.#drained = true;
      return undefined;
    }
    this.#buffersMade += 1;
    return new Uint8Array(this.#batchBytes);
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
    const whole = length <= segmentBytes || (this.#segmenting && segmentBytes === this.#offloaded!.segmentBytes);
    const step = whole ? length : segmentBytes;
    this.#sends += Math.ceil(length / step);
    let at = 0;
    // Once closed, the descriptor may be somebody else's.
    if (!this.#closed && this.#direct !== undefined)
      while (at < length && this.#direct.send(buffer.subarray(at, Math.min(length, at + step)), address)) at += step;
    if (at >= length) return this.giveBuffer(buffer);
    this.#enqueue(buffer, at, step, transmit);
  }

  /** By node:dgram, which keeps their order: once it is done with the last of them, it is with all. */
  #enqueue(buffer: Uint8Array, from: number, step: number, { length, segmentBytes, address }: Transmit): void {
    const done = (error: NodeJS.ErrnoException | null): void => {
      if (error !== null) this.#noteError(error, step > segmentBytes);
      this.giveBuffer(buffer);
    };
    try {
      let at = from;
      for (; at + step < length; at += step) {
        this.#sendsQueued += 1;
        this.#socket.send(buffer, at, step, address.port, address.host);
      }
      this.#sendsQueued += 1;
      this.#socket.send(buffer, at, length - at, address.port, address.host, done);
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
  #noteError(error: NodeJS.ErrnoException, segmented: boolean): void {
    this.#sendErrors += 1;
    this.#lastSendError = error.code;
    if (this.#closed || !segmented || !this.#segmenting || !['EIO', 'EINVAL', 'EMSGSIZE'].includes(error.code ?? ''))
      return;
    this.#segmenting = false;
    this.#offloaded!.disableSegmentation();
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
