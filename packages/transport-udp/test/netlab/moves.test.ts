// Live transfers between real processes while addresses change and NATs stand in the way, through the emulated networks
// of tools/netlab. Needs root on Linux, a C compiler and nftables; elsewhere one line says why it does not run.

import { describe, expect, test } from 'vitest';
import { complete, transfer, TwoHosts, whyNot } from './two-hosts.ts';

const link = 'rate=40mbit,delay=10ms,queue=100ms';
const whole = { missingBytes: 0, damagedBytes: 0 };

describe.skipIf(whyNot !== undefined)('a transfer goes on', () => {
  test.each([
    ['sends', 'b' as const, 'a' as const],
    ['receives', 'a' as const, 'b' as const],
  ])('when the one who %s gets another address', async (_name, from, to) => {
    await using hosts = await (await TwoHosts.open({ link })).connect();
    const move = (): Promise<void> => hosts.lab.command('readdress', 'b', '10.77.5.2');
    expect(await transfer(hosts[from], hosts[to], move)).toEqual(whole);
    const { remote, connections } = await hosts.a.call('state', {});
    expect([remote.split(':')[0], connections]).toEqual(['10.77.5.2', 1]);
  });

  test('when a NAT forgets its mapping and gives another port', async () => {
    await using hosts = await (await TwoHosts.open({ link, nat: 'symmetric' })).connect();
    const { host } = hosts.b;
    const { remote: before } = await hosts.a.call('state', {});
    const forget = async (): Promise<void> => {
      await hosts.lab.command('readdress', 'b'); // with another public address its mappings are lost,
      await hosts.lab.command('readdress', 'b', host.address); // and this brings the first address back
    };
    expect(await transfer(hosts.b, hosts.a, forget)).toEqual(whole);
    const { remote: after, connections } = await hosts.a.call('state', {});
    expect([before.split(':')[0], after.split(':')[0]]).toEqual([host.address, host.address]);
    expect(after).not.toBe(before);
    expect(connections).toBe(1);
  });
});

describe.skipIf(whyNot !== undefined)('two hosts behind port-restricted NATs', () => {
  test('dial each other at once and meet in one connection', async () => {
    const nat = 'port-restricted';
    await using hosts = await TwoHosts.open({ link: 'delay=20ms', nat }, { link: 'delay=5ms', nat });
    const { a, b } = hosts;
    const port = 4_000; // these NATs keep it
    const [{ peer: peerA }, { peer: peerB }] = await Promise.all([a.call('open', { port }), b.call('open', { port })]);
    await Promise.all([
      a.call('dial', { host: b.host.address, port, expect: peerB }),
      b.call('dial', { host: a.host.address, port, expect: peerA }),
    ]);
    for (const side of [a, b]) await side.call('start', {});
    for (const side of [a, b]) await side.until(({ receivedBytes }) => receivedBytes > 0);
    expect(await Promise.all([complete(a, b), complete(b, a)])).toEqual([whole, whole]);
    for (const side of [a, b]) expect((await side.call('state', {})).connections).toBe(1);
  });
});
