// What links and endpoints on a real socket have in common: how the socket's facts get into the configuration, how
// addresses are looked up, and how everything ends.

import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Address } from '@shoal/machine';
import { nodeClock, randomBytes } from '@shoal/machine/node';
import { defaultConfig, type TransportConfig } from '../config.ts';
import type { CryptoSuite, KeyPair } from '../crypto.ts';
import type { DatagramMachine } from '../datagram-machine.ts';
import type { Endpoint, EndpointOptions, EndpointStats } from '../endpoint.ts';
import type { DatagramDriver } from './datagram-driver.ts';
import { generateKeyPair } from './identity.ts';
import { loadForeignCalls } from './foreign-calls.ts';
import { nodeCrypto } from './node-crypto.ts';
import { loadOpensslCrypto } from './openssl-crypto.ts';
import { type SocketStats, UdpSocket } from './udp-socket.ts';

/** How a socket for links or an endpoint is opened. */
export interface SocketOptions {
  /** An address of this machine; '0.0.0.0' (default) or '::' for all. */
  readonly host?: string;
  /** 0 (default) for any free one. */
  readonly port?: number;
  /** Our identity; a new one by default. */
  readonly keyPair?: KeyPair;
  /** 32 bytes that every member of a private swarm has. */
  readonly psk?: Uint8Array;
  readonly config?: Partial<TransportConfig>;
  /** `false` to do without calls of our own into the system: no segmentation offload, encryption by node:crypto. */
  readonly offload?: boolean;
  /** Asked of the system for each direction; it may grant less. Default 4 MiB. */
  readonly socketBufferBytes?: number;
}

const closeMsMax = 3_000; // flushing takes at most 2 seconds, then the close has to leave

/** What is bound to the machine beneath. */
export interface Ground {
  readonly socket: UdpSocket;
  readonly crypto: CryptoSuite;
}

/** Numbers of the socket and what runs on it, and which ways they go. */
export interface TransportStats extends SocketStats, EndpointStats {
  /** What seals and opens: OpenSSL called directly, or by node:crypto. */
  readonly aead: 'openssl' | 'node:crypto';
}

/** Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
export async function openGround(options: SocketOptions): Promise<Ground> {
  const offload = options.offload ?? true;
  const socket = await UdpSocket.open({
    ...options,
    foreign: offload ? await loadForeignCalls() : undefined,
    datagramBytes: options.config?.datagramBytes ?? defaultConfig.datagramBytes,
  });
  return { socket, crypto: (offload ? await loadOpensslCrypto() : undefined) ?? nodeCrypto };
}

/** What an endpoint on that ground is made with. */
export function endpointOptions(
  { socket, crypto }: Ground,
  options: SocketOptions,
  defaults: Partial<TransportConfig> = {},
): EndpointOptions {
  // The system counts its own overhead into what it granted.
  const receiveBufferBytes = Math.max(19_200, socket.stats.receiveBufferBytes / 2);
  return {
    crypto,
    keyPair: options.keyPair ?? generateKeyPair(),
    randomBytes,
    ...(options.psk === undefined ? {} : { psk: options.psk }),
    config: { ...defaults, receiveBufferBytes, ...options.config },
  };
}

export const transportStats = ({ socket, crypto }: Ground, endpoint: Endpoint): TransportStats => ({
  ...socket.stats,
  ...endpoint.stats,
  aead: crypto === nodeCrypto ? 'node:crypto' : 'openssl',
});

/** `address` as this socket can send to it; a promise where a name has to be looked up, undefined for none. */
export function resolveAddress(
  socket: UdpSocket,
  address: Address,
): Address | undefined | Promise<Address | undefined> {
  const family = isIPv6(socket.address.host) ? 6 : 4;
  const given = isIP(address.host);
  if (given !== 0) return given === family ? address : undefined;
  return lookup(address.host, { family }).then(
    (found) => ({ host: found.address, port: address.port }),
    () => undefined,
  );
}

/** Waits until every remote has been told, then releases the socket. */
export async function closeSocket<Output>(
  driver: DatagramDriver<Output, DatagramMachine<Output>>,
  endpoint: Endpoint,
  socket: UdpSocket,
): Promise<void> {
  const deadline = nodeClock.now() + closeMsMax;
  while (!endpoint.quiet && nodeClock.now() < deadline) await driver.turned();
  driver.stop();
  await socket.close();
}
