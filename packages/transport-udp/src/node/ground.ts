// What links and endpoints on a real socket stand on: how it is opened, how the socket's facts get into the
// configuration, and how addresses are looked up.

import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Address } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import { defaultConfig, type TransportConfig } from '../config.ts';
import type { CryptoSuite, KeyPair } from '../crypto.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { generateKeyPair } from './identity.ts';
import { loadForeignCalls } from './foreign-calls.ts';
import { nodeCrypto } from './node-crypto.ts';
import { loadOpensslCrypto } from './openssl-crypto.ts';
import { UdpSocket } from './udp-socket.ts';

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

/** What is bound to the machine beneath. */
export interface Ground {
  readonly socket: UdpSocket;
  readonly crypto: CryptoSuite;
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
