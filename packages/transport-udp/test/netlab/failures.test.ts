// Live transfers between real processes while the path between them fails in one way or another, through the emulated
// networks of tools/netlab. Needs root on Linux and a C compiler; elsewhere one line says why it does not run.

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { complete, transfer, TwoHosts, whyNot } from './two-hosts.ts';

const link = 'rate=40mbit,delay=10ms,queue=100ms';
const whole = { missingBytes: 0, damagedBytes: 0 };

describe.skipIf(whyNot !== undefined)('a path that carries 1,400 bytes', () => {
  // The next smaller size that is tried. Whether routers tell makes no difference: who tells may be anybody.
  test.each(['mtu=1400', 'mtu=1400,mtu-icmp=1'])('is found out (%s)', async (narrow) => {
    await using hosts = await (await TwoHosts.open({ link: `${link},${narrow}` })).connect();
    await hosts.b.call('start', {});
    await hosts.b.until(({ datagramBytes }) => datagramBytes === 1_352);
    expect(await complete(hosts.b, hosts.a)).toEqual(whole);
  });
});

describe.skipIf(whyNot !== undefined)('a transfer goes on', () => {
  test.each([
    ['up', 'b' as const, 'a' as const],
    ['down', 'a' as const, 'b' as const],
  ])('when large datagrams begin to vanish on the way %s', async (way, from, to) => {
    await using hosts = await (await TwoHosts.open({ link })).connect();
    const shrink = (): Promise<void> => hosts.lab.command('set', 'b', way, 'mtu=1300');
    expect(await transfer(hosts[from], hosts[to], shrink)).toEqual(whole);
    const { datagramBytes } = await hosts[from].call('state', {});
    expect(datagramBytes).toBeLessThanOrEqual(1_300 - 28);
  });

  test('when jumbo frames do, having been found', async () => {
    await using hosts = await (await TwoHosts.open({ link }, {}, { mtu: 9_000 })).connect();
    const shrink = async (): Promise<void> => {
      await hosts.b.until(({ datagramBytes }) => datagramBytes === 8_972);
      await hosts.lab.command('set', 'b', 'up', 'mtu=1500');
    };
    expect(await transfer(hosts.b, hosts.a, shrink)).toEqual(whole);
    expect((await hosts.b.call('state', {})).datagramBytes).toBeLessThanOrEqual(1_500 - 28);
  });

  test('after an outage of two seconds', async () => {
    await using hosts = await (await TwoHosts.open({ link })).connect();
    const interrupt = async (): Promise<void> => {
      await hosts.lab.command('link', 'b', 'down');
      await sleep(2_000);
      await hosts.lab.command('link', 'b', 'up');
    };
    expect(await transfer(hosts.b, hosts.a, interrupt)).toEqual(whole);
  });

  test('through a network that damages bytes and mends the checksum, and delivers none of them', async () => {
    await using hosts = await (await TwoHosts.open({ profile: 'corrupt' })).connect();
    const { a, b } = hosts;
    await b.call('start', {});
    await a.until(({ receivedBytes }) => receivedBytes >= 10_000_000); // some ten damaged datagrams
    expect(await complete(b, a)).toEqual(whole);
  });
});
