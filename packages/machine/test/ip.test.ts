import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipBytes, ipNetwork, ipScope, readIp, writeIp } from '../src/ip.ts';

/** The bytes of a host, between others that must stay. */
function bytesOf(host: string): Uint8Array | undefined {
  const target = new Uint8Array(ipBytes + 2).fill(0xaa);
  if (!writeIp(host, target, 1)) return undefined;
  expect([target[0], target.at(-1)]).toEqual([0xaa, 0xaa]);
  return target.slice(1, -1);
}

describe('numeric hosts', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::1', '::1'],
    ['::', '::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::', '2001:db8::'],
    ['2001:0db8:0001:1:1:1:0:1', '2001:db8:1:1:1:1:0:1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s comes back as %s', (host, text) => {
    expect(readIp(bytesOf(host)!, 0)).toBe(text);
  });

  test.each([
    '',
    'tracker.example',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1.2.3.x',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    '::1.2.3.4:5',
    'g::',
  ])('%j is none', (host) => {
    expect(bytesOf(host)).toBeUndefined();
  });

  test('agree with Node on what an address is, and come back the same', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: fc.constantFrom('0', '1', '2', 'f', 'F', ':', '.') })),
        (text) => {
          const bytes = bytesOf(text);
          expect(bytes !== undefined).toBe(isIPv4(text) || isIPv6(text));
          expect(bytes && bytesOf(readIp(bytes, 0))).toEqual(bytes);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.7.7', 'private'],
    ['169.254.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['fd00::1', 'private'],
    ['fe80::1', 'private'],
    ['8.8.8.8', 'public'],
    ['2001:db8::1', 'public'],
  ])('%s is %s', (host, scope) => {
    expect(ipScope(bytesOf(host)!, 0)).toBe(scope);
  });

  test('have networks', () => {
    const routed = { ipv4: 3, ipv6: 6 };
    expect(ipNetwork('192.0.2.7', routed)).toBe('192.0.2.0');
    expect(ipNetwork('2001:db8:1:2::3', routed)).toBe('2001:db8:1::');
    expect(ipNetwork('192.0.2.7', { ipv4: 4, ipv6: 8 })).toBe('192.0.2.7');
    expect(ipNetwork('tracker.example', routed)).toBeUndefined();
  });
});
