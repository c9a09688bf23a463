// KCP through node-kcp, its C binding, on sockets of node:dgram: no handshake, no end of stream, no encryption, and no
// congestion control in the mode that is meant for speed. Driven by what arrives, and by its shortest clock of 10 ms.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { ByteStream, Transport } from '../contract.ts';
import { loadPeer, socketBufferBytes } from './load-peer.ts';

interface Kcp {
  nodelay(nodelay: number, intervalMs: number, resend: number, noCongestionControl: number): void;
  wndsize(send: number, receive: number): void;
  setmtu(bytes: number): void;
  output(send: (bytes: Buffer, length: number) => void): void;
  input(bytes: Buffer): number;
  send(bytes: Buffer): number;
  recv(): Buffer | undefined;
  update(nowMs: number): void;
  flush(): void;
  waitsnd(): number;
}

type KcpClass = new (conversation: number, context: object) => Kcp;

const windowSegments = 1_024;
const messageBytes = 65_536; // KCP takes at most 127 segments in one call
const clockMs = 10;

export function kcp(): Transport {
  // Its package.json names a build script as the main file.
  const { KCP } = loadPeer('node-kcp/index.js') as { KCP: KcpClass };
  let conversations = 0;
  return {
    multiplexed: false,
    async listen(host, accept) {
      const socket = await bound(host);
      const known = new Map<string, KcpStream>();
      socket.on('message', (bytes, from) => {
        const conversation = bytes.readUInt32LE(0);
        const key = `${from.address} ${from.port} ${conversation}`;
        let stream = known.get(key);
        if (stream === undefined) {
          stream = new KcpStream(new KCP(conversation, {}), socket, from.port, from.address);
          known.set(key, stream);
          accept(stream);
        }
        stream.handle(bytes);
      });
      return { host, port: socket.address().port };
    },
    async openDialler(host) {
      const socket = await bound(host);
      const known = new Map<number, KcpStream>();
      socket.on('message', (bytes) => known.get(bytes.readUInt32LE(0))?.handle(bytes));
      return ({ host, port }) => {
        const conversation = (conversations += 1);
        const stream = new KcpStream(new KCP(conversation, {}), socket, port, host);
        known.set(conversation, stream);
        const close = (): void => {
          known.delete(conversation);
          stream.finish();
        };
        return Promise.resolve({ openStream: () => Promise.resolve(stream), close });
      };
    },
  };
}

class KcpStream implements ByteStream {
  readonly #kcp: Kcp;
  readonly #clock: NodeJS.Timeout;
  #take: ((bytes: Uint8Array) => void) | undefined;
  #roomMade: (() => void) | undefined;
  #flushing = false;

  constructor(kcp: Kcp, socket: Socket, port: number, host: string) {
    this.#kcp = kcp;
    kcp.nodelay(1, clockMs, 2, 1);
    kcp.wndsize(windowSegments, windowSegments);
    kcp.setmtu(1_472);
    kcp.output((bytes, length) => socket.send(bytes, 0, length, port, host));
    kcp.update(Date.now());
    this.#clock = setInterval(() => {
      kcp.update(Date.now());
      this.#makeRoom();
    }, clockMs);
  }

  handle(bytes: Buffer): void {
    this.#kcp.input(bytes);
    this.#deliver();
    this.#makeRoom();
    this.#flushSoon();
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += messageBytes) {
      while (this.#kcp.waitsnd() >= windowSegments)
        await new Promise<void>((resolve) => {
          this.#roomMade = resolve;
        });
      this.#kcp.send(Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(messageBytes, bytes.length - at)));
      this.#flushSoon();
    }
  }

  finish(): void {
    clearInterval(this.#clock);
  }

  receive(take: (bytes: Uint8Array) => void): Promise<void> {
    this.#take = take;
    this.#deliver();
    return new Promise(() => {}); // there is no end
  }

  /** Once per turn of the event loop: it walks the whole window. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#kcp.flush();
    });
  }

  #deliver(): void {
    if (this.#take === undefined) return;
    for (let part = this.#kcp.recv(); part !== undefined; part = this.#kcp.recv()) this.#take(part);
  }

  #makeRoom(): void {
    if (this.#roomMade === undefined || this.#kcp.waitsnd() >= windowSegments) return;
    this.#roomMade();
    this.#roomMade = undefined;
  }
}

async function bound(host: string): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
    lookup: (address, _options, done) => done(null, address, 4), // addresses come looked up: saves a tick for each send
  });
  const listening = once(socket, 'listening'); // which comes before bind returns, as nothing is looked up
  socket.bind(0, host);
  await listening;
  return socket;
}
