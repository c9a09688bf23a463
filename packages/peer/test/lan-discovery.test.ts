import { createSocket, type Socket } from 'node:dgram';
import { pureHashes } from '@shoal/chunker';
import { type Address, seededRng } from '@shoal/machine';
import { entropyRng, nodeClock } from '@shoal/machine/node';
import { type SwarmId, swarmId } from '@shoal/wire';
import { Loopback } from './support/loopback.ts';
import { TestMachine } from './support/machine.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeNotice, nonceBytes } from '../src/lan-notice.ts';
import { openPeer, type RunningPeer } from '../src/node/index.ts';
import { LanDiscovery, lanGroups } from '../src/node/lan-discovery.ts';

const loopback = '127.0.0.1';
const swarm = swarmId('a'.repeat(64))!;
const secret = swarmId('b'.repeat(64))!;
const keys = { hashes: pureHashes };
const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const running: (LanDiscovery | Socket)[] = [];

afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

/** The group on a port that nobody else uses now. */
async function freeGroup(): Promise<Address> {
  const socket = createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return { ...lanGroups[0]!, port };
}

const nothing = (): void => undefined;

interface Heard {
  readonly swarm: SwarmId;
  readonly address: Address;
}

function start(group: Address, port: number, swarms: readonly SwarmId[], secret?: Uint8Array) {
  const heard: Heard[] = [];
  const failures: string[] = [];
  const discovery = LanDiscovery.start({
    links: { host: loopback, port },
    groups: [group],
    clock: nodeClock,
    rng: entropyRng(),
    hashes: pureHashes,
    secret,
    swarms: () => swarms,
    found: (found, address) => void heard.push({ swarm: found, address }),
    failed: (why) => void failures.push(why),
  })!;
  running.push(discovery);
  return { discovery, heard, failures };
}

const eventually = async (holds: () => boolean): Promise<boolean> => {
  for (let i = 0; i < 100 && !holds(); i += 1) await new Promise((done) => setTimeout(done, 20));
  return holds();
};

/** Sends to the group from loopback. */
async function sender(group: Address): Promise<(bytes: Uint8Array) => void> {
  const socket = createSocket('udp4');
  running.push(socket);
  await new Promise<void>((done) => socket.bind(0, loopback, done));
  socket.setMulticastInterface(loopback);
  return (bytes) => socket.send(bytes, group.port, group.host, () => undefined);
}

/** Some containers have no multicast on loopback. */
async function canMulticast(): Promise<boolean> {
  const group = await freeGroup();
  const { heard } = start(group, 1, [swarm]);
  const send = await sender(group);
  await new Promise((done) => setTimeout(done, 50));
  send(encodeNotice(2, [swarm], seededRng('probe').bytes(nonceBytes), keys));
  const works = await eventually(() => heard.length > 0);
  for (const one of running.splice(0)) await one.close();
  return works;
}

const works = await canMulticast();
if (!works) process.stdout.write('lan-discovery: skipped, since there is no multicast on loopback here\n');

describe.skipIf(!works)('discovery on the local network', () => {
  test('peers of one swarm find each other, and themselves and others they do not', async () => {
    const group = await freeGroup();
    const [one, two, other] = [
      start(group, 1_001, [swarm]),
      start(group, 1_002, [secret, swarm]),
      start(group, 1_003, [secret]),
    ];
    await new Promise((done) => setTimeout(done, 50));
    one.discovery.announce();
    expect(await eventually(() => two.heard.length > 0)).toBe(true);
    expect(two.heard).toEqual([{ swarm, address: { host: loopback, port: 1_001 } }]);
    two.discovery.announce();
    expect(await eventually(() => one.heard.length > 0 && other.heard.length > 0)).toBe(true);
    expect(one.heard).toEqual([{ swarm, address: { host: loopback, port: 1_002 } }]);
    expect(other.heard).toEqual([{ swarm: secret, address: { host: loopback, port: 1_002 } }]);
    expect([one, two, other].flatMap(({ failures }) => failures)).toEqual([]);
  });

  test('peers of a private swarm are found by those alone who have its secret', async () => {
    const group = await freeGroup();
    const one = start(group, 1_001, [swarm], secretOf(1));
    const [friend, stranger, other] = [
      start(group, 1_002, [swarm], secretOf(1)),
      start(group, 1_003, [swarm]),
      start(group, 1_004, [swarm], secretOf(2)),
    ];
    await new Promise((done) => setTimeout(done, 50));
    one.discovery.announce();
    expect(await eventually(() => friend.heard.length > 0)).toBe(true);
    expect(friend.heard).toEqual([{ swarm, address: { host: loopback, port: 1_001 } }]);
    expect([...stranger.heard, ...other.heard]).toEqual([]);
  });

  test('a transfer needs nothing but a ticket without any address', async () => {
    await using machine = await TestMachine.start();
    const group = await freeGroup();
    const loop = new Loopback();
    const open = (port: number): Promise<RunningPeer> =>
      openPeer({ links: loop.open({ host: loopback, port }), discovery: { group } });
    await machine.write({ 'a.bin': seededRng('lan').bytes(300_000) });
    await using owner = await open(2_001);
    await using receiver = await open(2_002);
    const share = await owner.share({ path: machine.path('a.bin'), peers: [] });
    const report = await receiver.get(share.ticket, { destination: machine.path('copy') }).done;
    expect(report.remotes).toMatchObject([{ peer: owner.peer, receivedBytes: 300_000 }]);
  });

  test('a flood is cut off: by the second, and by how many ports one host names', async () => {
    const group = await freeGroup();
    const { heard } = start(group, 1, [swarm]);
    const send = await sender(group);
    const rng = seededRng('flood');
    await new Promise((done) => setTimeout(done, 50));
    for (let port = 2; port < 500; port += 1) {
      send(encodeNotice(port, [swarm], rng.bytes(nonceBytes), keys));
      send(rng.bytes(1 + rng.below(400)));
    }
    await new Promise((done) => setTimeout(done, 300));
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.length).toBeLessThanOrEqual(16);
  });

  test('is not where links are bound to an address that is none of ours', () => {
    const links = { host: '198.51.100.7', port: 1 };
    const options = {
      links,
      groups: lanGroups,
      clock: nodeClock,
      rng: entropyRng(),
      hashes: pureHashes,
      failed: nothing,
      found: nothing,
    };
    expect(LanDiscovery.start({ ...options, swarms: () => [] })).toBeUndefined();
  });
});
