// What kind of NAT is on the way, from the addresses under which trackers see one and the same socket: whether the mapping
// depends on whom we send to (RFC 4787 section 4.1; the tests of RFC 5780 section 4.3, as far as trackers allow them).

import { type Address, formatAddress } from '@shoal/machine';
import type { Finding } from './finding.ts';

/** One tracker that answered. */
export interface Sighting {
  readonly tracker: Address;
  /** Where our packets come from, as it sees it. */
  readonly observed: Address;
}

const what = 'NAT';

/** `port` is that of the socket, `hosts` are all of this machine. */
export function natFinding(sightings: readonly Sighting[], port: number, hosts: readonly string[]): Finding {
  const [first, ...others] = sightings;
  if (first === undefined)
    return { what, standing: 'unknown', words: 'not known', advice: 'name a tracker: --tracker HOST:PORT' };
  const observed = sightings.map((sighting) => formatAddress(sighting.observed));
  const finding = (standing: Finding['standing'], kind: string, words: string, advice?: string): Finding => ({
    what,
    standing,
    words,
    ...(advice !== undefined && { advice }),
    values: { kind, observed },
  });
  const isOwn = ({ observed: { host, port: seen } }: Sighting): boolean => hosts.includes(host) && seen === port;
  if (sightings.every(isOwn)) return finding('ok', 'none', 'none on the way to the trackers');
  if (others.some((other) => formatAddress(other.observed) !== observed[0]))
    return finding(
      'slow',
      'addressDependent',
      `mapping depends on whom we send to (${observed.join(', ')}): only who accepts links from anywhere is reached`,
      'forward a UDP port to this machine, and name it with --listen',
    );
  const hostCount = new Set(sightings.map(({ tracker }) => tracker.host)).size;
  if (hostCount > 1)
    return finding('ok', 'endpointIndependent', `endpoint-independent mapping: everybody sees us at ${observed[0]}`);
  if (others.length > 0)
    return finding(
      'unknown',
      'portIndependent',
      `seen at ${observed[0]} from two ports of one host: whether another host sees the same cannot be known`,
      'name a tracker at another host too',
    );
  return finding(
    'unknown',
    'unknown',
    `there is one: we are seen at ${observed[0]}. Of what kind cannot be known from one tracker`,
    'name a second tracker, at another host',
  );
}
