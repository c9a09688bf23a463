// Addresses as the system's calls want them (struct sockaddr_in and sockaddr_in6; Linux: ip(7), ipv6(7)), and back. On a
// socket for both families IPv4 remotes have IPv4 addresses here, and only beneath ones mapped into IPv6 (RFC 4291
// section 2.5.5.2), so that a remote has one address whatever the socket it is seen through.

import { endianness } from 'node:os';
import { isIPv4 } from 'node:net';
import type { Address } from '@shoal/machine';
import type { SocketCalls } from './socket-calls.ts';

export type Family = 4 | 6;

export const familyNumbers: Readonly<Record<Family, number>> = { 4: 2, 6: 10 }; // AF_INET, AF_INET6
/** Size of the structure. */
export const addressBytes: Readonly<Record<Family, number>> = { 4: 16, 6: 28 };

const littleEndian = endianness() === 'LE';
const mappedPrefix = '::ffff:';
const textBytesMax = 64; // more than INET6_ADDRSTRLEN and IF_NAMESIZE

/** As a socket of that family is told of it. */
export const mappedHost = (host: string, family: Family): string =>
  family === 6 && isIPv4(host) ? mappedPrefix + host : host;

/** As everybody else is told of it. */
export const plainHost = (host: string): string =>
  host.startsWith(mappedPrefix) && host.includes('.') ? host.slice(mappedPrefix.length) : host;

/** Undefined for what is no address of that family. */
export function encodeAddress(calls: SocketCalls, { host, port }: Address, family: Family): Uint8Array | undefined {
  const bytes = new Uint8Array(addressBytes[family]);
  const view = new DataView(bytes.buffer);
  const [text = '', zone] = mappedHost(host, family).split('%');
  if (calls.inet_pton(familyNumbers[family], cString(text), hostPart(bytes, family)) !== 1) return undefined;
  view.setUint16(0, familyNumbers[family], littleEndian);
  view.setUint16(2, port);
  if (zone !== undefined) view.setUint32(24, calls.if_nametoindex(cString(zone)) || Number(zone), littleEndian);
  return bytes;
}

export function decodeAddress(calls: SocketCalls, bytes: Uint8Array, family: Family): Address {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (family === 4) return { host: hostPart(bytes, family).join('.'), port: view.getUint16(2) }; // strangers may be many
  const text = new Uint8Array(textBytesMax);
  calls.inet_ntop(familyNumbers[family], hostPart(bytes, family), text, text.length);
  const host = plainHost(fromCString(text));
  const zone = view.getUint32(24, littleEndian);
  if (zone !== 0) calls.if_indextoname(zone, text);
  return { host: zone === 0 ? host : `${host}%${fromCString(text)}`, port: view.getUint16(2) };
}

const hostPart = (bytes: Uint8Array, family: Family): Uint8Array =>
  family === 4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24);

const cString = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

const fromCString = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
