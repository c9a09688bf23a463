// Where others may reach a socket: a socket bound to all addresses of the machine has none of its own to tell.

import { networkInterfaces } from 'node:os';
import type { Address } from '@shoal/machine';

const addressesMax = 4; // a ticket is to be passed on by hand

/** The address itself, or for a wildcard those of the machine's networks; loopback only when there is nothing else. */
export function reachableAddresses({ host, port }: Address): Address[] {
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }];
  const families = host === '::' ? ['IPv4', 'IPv6'] : ['IPv4'];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all.filter(({ family, address }) => families.includes(family) && !address.startsWith('fe80:'));
  const outer = usable.filter(({ internal }) => !internal);
  const chosen = outer.length > 0 ? outer : usable;
  return chosen.slice(0, addressesMax).map(({ address }) => ({ host: address, port }));
}
