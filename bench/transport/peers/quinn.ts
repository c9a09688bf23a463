// QUIC by quinn, through the native part of @chainsafe/libp2p-quic: what libp2p puts around it, reads of 4 KiB, would
// cost it most of its speed. Windows enlarged, so that they are not what limits it.

import { generateKeyPairSync } from 'node:crypto';
import type { ByteStream, Connection, Transport } from '../contract.ts';
import { socketBufferBytes } from './load-peer.ts';

interface QuinnStream {
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
  read(bytesMax: number): Promise<Uint8Array | null>;
}

interface QuinnConnection {
  inboundStream(): Promise<QuinnStream>;
  outboundStream(): Promise<QuinnStream>;
  abort(): void;
}

interface Quinn {
  QuinnConfig: new (options: Record<string, unknown>) => object;
  Server: new (
    config: object,
    host: string,
    port: number,
  ) => { port(): number; inboundConnection(): Promise<QuinnConnection> };
  Client: new (
    config: object,
    family: number,
  ) => { outboundConnection(host: string, port: number): Promise<QuinnConnection> };
}

const readBytesMax = 2 ** 18;
const ipv4 = 0;

export async function quinn(): Promise<Transport> {
  // The package does not export its native part: taken by its address.
  const { href } = new URL('napi.js', import.meta.resolve('@chainsafe/libp2p-quic'));
  const { QuinnConfig, Server, Client } = (await import(href)) as Quinn;
  const config = new QuinnConfig({
    privateKeyProto: libp2pKey(),
    handshakeTimeout: 5_000,
    maxIdleTimeout: 60_000,
    keepAliveInterval: 10_000,
    maxConcurrentStreamLimit: 256,
    maxStreamData: 16 * 2 ** 20,
    maxConnectionData: 64 * 2 ** 20,
    receiveBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
  });
  return {
    multiplexed: true,
    listen(host, accept) {
      const server = new Server(config, host, 0);
      void (async () => {
        for (;;) void acceptStreams(await server.inboundConnection(), accept);
      })();
      return Promise.resolve({ host, port: server.port() });
    },
    openDialler() {
      const client = new Client(config, ipv4);
      return Promise.resolve(async ({ host, port }) => over(await client.outboundConnection(host, port)));
    },
  };
}

async function acceptStreams(connection: QuinnConnection, accept: (stream: ByteStream) => void): Promise<void> {
  try {
    for (;;) accept(overStream(await connection.inboundStream()));
  } catch {
    return; // the connection is over
  }
}

const over = (connection: QuinnConnection): Connection => ({
  openStream: async () => overStream(await connection.outboundStream()),
  close: () => connection.abort(),
});

const overStream = (stream: QuinnStream): ByteStream => ({
  write: (bytes) => stream.write(bytes),
  finish: () => void stream.finishWrite().catch(() => undefined),
  async receive(take) {
    for (let part = await stream.read(readBytesMax); part !== null; part = await stream.read(readBytesMax)) take(part);
  },
});

/** A new Ed25519 key in libp2p's protobuf: type 1, then 64 bytes of secret and public half. */
function libp2pKey(): Uint8Array {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(8, 1, 18, 64), Buffer.from(d!, 'base64url'), Buffer.from(x!, 'base64url')]);
}
