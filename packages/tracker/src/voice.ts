// Whose agreement counts how often. Keys cost nothing, so on public networks all peers of one network (IPv4 /24, IPv6
// /48: the smallest that are routed on the internet, so the least that somebody has to get hold of for a second voice)
// are one voice. On loopback and private networks there are no such prefixes to tell people apart: each key is one.

import { type Address, hostScope, ipNetwork, type PeerId } from '@shoal/machine';

const routed = { ipv4: 3, ipv6: 6 };

/** The voice of a peer at a numeric address: equal ones count once. */
export const voiceOf = (peer: PeerId, { host }: Address): string =>
  (hostScope(host) === 'public' ? ipNetwork(host, routed) : undefined) ?? peer;
