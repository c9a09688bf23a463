import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { reachableAddresses } from '../src/node/reachable-addresses.ts';

test('a socket on one address is reached there', () => {
  expect(reachableAddresses({ host: '192.0.2.7', port: 9 })).toEqual([{ host: '192.0.2.7', port: 9 }]);
});

test('a socket on all addresses is reached at those of the machine, never at the wildcard', () => {
  for (const host of ['0.0.0.0', '::']) {
    const addresses = reachableAddresses({ host, port: 9 });
    expect(addresses.length).toBeLessThanOrEqual(4);
    for (const { host, port } of addresses)
      expect([isIP(host) > 0, host === '0.0.0.0', port]).toEqual([true, false, 9]);
  }
});
