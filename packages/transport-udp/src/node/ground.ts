// What links and endpoints on a real socket stand on: how it is opened, how the socket's facts get into the
// configuration, and how addresses are looked up.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import type { TransportConfig } from '../config.ts';
import type { CryptoSuite, KeyPair } from '../crypto.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { generateKeyPair } from './identity.ts';
import { loadForeignCalls } from './foreign-calls.ts';
import { nodeCrypto } from './node-crypto.ts';
import { loadOpensslCrypto } from './openssl-crypto.ts';
import { type Family, plainHost } from './socket-address.ts';
import { openTrace, type Trace, type TraceOptions } from './trace.ts';
import { UdpSocket } from './udp-socket.ts';

/** How a socket for links or an endpoint is opened. */
export interface SocketOptions extends TraceOptions {
  /**
   * An address of this machine; '0.0.0.0' (default) for all of IPv4, '::' for all of both families: remotes of IPv4 have
   * IPv4 addresses there too.
   */
  readonly host?: string;
  /** 0 (default) for any free one. */
  readonly port?: number;
  /** Our identity; a new one by default. */
  readonly keyPair?: KeyPair;
  /** 32 bytes that every member of a private swarm has. */
  readonly psk?: Uint8Array;
  readonly config?: Partial<TransportConfig>;
  /** `false` to leave datagrams to node:dgram: no socket calls of our own, so no segmentation offload. */
  readonly offload?: boolean;
  /** Asked of the system for each direction; it may grant less. Default 4 MiB. */
  readonly socketBufferBytes?: number;
}

/** UDP payload of a frame of 1,500 bytes: headers of IPv4 take 28, of IPv6 48. */
const ethernetBytes: Readonly<Record<Family, number>> = { 4: 1_472, 6: 1_452 };
const receiveBufferBytesMin = 19_200; // what the configuration allows

/** What is bound to the machine beneath. */
export interface Ground {
  readonly socket: UdpSocket;
  readonly crypto: CryptoSuite;
  readonly trace: Trace | undefined;
}

/** Fails with ShoalError `addressInUse`, `permissionDenied`, `networkFailed`, or `diskFailed` (qlog). */
export async function openGround(options: SocketOptions): Promise<Ground> {
  const trace = await openTrace(options);
  const foreign = options.offload === false ? undefined : await loadForeignCalls();
  const socket = await UdpSocket.open({ ...options, foreign });
  return { socket, crypto: (await loadOpensslCrypto()) ?? nodeCrypto, trace };
}

/** What an endpoint on that ground is made with. */
export function endpointOptions(
  { socket, crypto, trace }: Ground,
  options: SocketOptions,
  defaults: Partial<TransportConfig> = {},
): EndpointOptions {
  const receiveBufferBytes = Math.max(receiveBufferBytesMin, socket.stats.receiveBufferBytes);
  const datagramBytes = ethernetBytes[socket.family];
  const datagramBytesMax = socket.datagramBytesMax ?? datagramBytes;
  return {
    crypto,
    keyPair: options.keyPair ?? generateKeyPair(),
    randomBytes,
    events: trace?.sink,
    ...(options.psk === undefined ? {} : { psk: options.psk }),
    config: { ...defaults, receiveBufferBytes, datagramBytes, datagramBytesMax, ...options.config },
  };
}

/** `address` as this socket can send to it; a promise where a name has to be looked up, undefined for none. */
export function resolveAddress(
  socket: UdpSocket,
  { host, port }: Address,
): Address | undefined | Promise<Address | undefined> {
  const given = plainHost(host);
  if (isIP(given) !== 0) return socket.reaches(given) ? { host: given, port } : undefined;
  return lookup(host, { all: true }).then(
    (found) => {
      const reached = found.find(({ address }) => socket.reaches(address));
      return reached && { host: reached.address, port };
    },
    () => undefined,
  );
}
