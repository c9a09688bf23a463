import { describe, expect, test } from 'vitest';
import { formatAddress, isIpv6, parseAddress } from '../src/address.ts';

describe('address', () => {
  test.each(['127.0.0.1:5000', '[::1]:5000', '[fe80::1%eth0]:1', 'tracker.example:65535'])(
    '%s reads and prints',
    (text) => {
      expect(formatAddress(parseAddress(text)!)).toBe(text);
    },
  );

  test.each([
    ['::1', true],
    ['::ffff:192.0.2.1', true],
    ['fe80::1%eth0', true],
    ['192.0.2.1', false],
    ['tracker.example', false],
  ])('%s is of IPv6: %s', (host, isOne) => {
    expect(isIpv6(host)).toBe(isOne);
  });

  test.each(['', 'host', 'host:', 'host:0', 'host:65536', ':5000', '::1:5000', '[::1]', 'a b:1', 'a/b:1', '[x y]:1'])(
    'refuses %j',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );
});
