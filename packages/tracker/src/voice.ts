// Whose agreement counts how often. Keys cost nothing, so on public networks all peers of one network (IPv4 /24, IPv6
// /48: the smallest that are routed on the internet, so the least that somebody has to get hold of for a second voice)
// are one voice. On loopback and private networks there are no such prefixes to tell people apart: each key is one.

import { type Address, ipBytes, ipScope, isIpv4, type PeerId, readIp, writeIp } from '@shoal/machine';

const keptBytes = { ipv4: 12 + 3, ipv6: 6 };

/** The voice of a peer at a numeric address: equal ones count once. */
export function voiceOf(peer: PeerId, { host }: Address): string {
  const ip = new Uint8Array(ipBytes);
  if (!writeIp(host, ip, 0) || ipScope(ip, 0) !== 'public') return peer;
  return readIp(ip.fill(0, isIpv4(ip, 0) ? keptBytes.ipv4 : keptBytes.ipv6), 0);
}
