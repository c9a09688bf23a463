import { readFile, writeFile } from 'node:fs/promises';
import { type PeerId, seededRng, ShoalError, UsageError } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { type FixedNeighbours, roleOf } from '../src/links/fixed-neighbours.ts';
import { TestMachine } from './support/machine.ts';
import { makeContent, type Peer, World } from './support/world.ts';

const uplink = { upBytesPerMs: 1_000 };

/** Each asks the owner and the one before it, and serves only the one after it. */
function ringOf(count: number, seed: string) {
  const world = new World({ seed });
  const set = makeContent(2_000_000, 10_240, world.rng.fork('content'));
  const owner = world.addPeer(uplink);
  const peers = Array.from({ length: count }, () => world.addPeer(uplink));
  const before = (i: number): Peer => peers.at(i - 1)!;
  owner.share(set);
  for (const [i, peer] of peers.entries()) {
    const download = [owner.address, before(i).address];
    const upload = [peers[(i + 1) % count]!.address];
    peer.get(set, [], { neighbours: { download, upload } });
  }
  return { world, set, owner, peers, before };
}

const sources = (peer: Peer, set: Parameters<Peer['report']>[0]): PeerId[] =>
  peer.report(set).remotes.flatMap((remote) => (remote.receivedBytes > 0 ? [remote.peer] : []));

describe('fixed neighbours', () => {
  test.each([2, 4, 5])(
    'a ring of %i is completed by each asking the one before it, when the owner has gone',
    (count) => {
      const { world, set, owner, peers, before } = ringOf(count, `ring ${count}`);
      const heldByAny = (): Set<number> =>
        new Set(peers.flatMap((peer) => peer.eventsOf('chunkHeld').map(({ chunk }) => chunk)));
      world.runUntil(() => heldByAny().size === 196, 60_000);
      expect(owner.report(set).sentBytes / set.bytes.length).toBeLessThan(1.2);
      const first = owner.report(set).remotes.map(({ sentChunks }) => sentChunks);
      owner.kill();
      world.runUntil(() => peers.every((peer) => peer.isDone), 120_000);
      expect(first).toHaveLength(count);
      for (const chunks of first) expect(chunks).toBeGreaterThan(10); // of 196: they were given different ones
      for (const [i, peer] of peers.entries()) {
        expect(peer.hasAll(set)).toBe(true);
        expect(new Set(sources(peer, set))).toEqual(new Set([owner.peer, before(i).peer]));
        expect(peer.eventsOf('trackerDown')).toEqual([]);
      }
    },
  );

  test('nobody but upload neighbours is served, nor told of others', () => {
    const { world, set, peers } = ringOf(4, 'strangers');
    const stranger = world.addPeer(uplink);
    world.runUntil(() => peers.every((peer) => peer.isDone), 120_000);
    stranger.get(set, peers.slice(0, 2));
    world.run(20_000);
    expect(stranger.heldCount).toBe(0);
    expect(
      stranger
        .eventsOf('linkUp')
        .map((event) => event.peer)
        .toSorted(),
    ).toEqual(
      peers
        .slice(0, 2)
        .map(({ peer }) => peer)
        .toSorted(),
    );
    for (const { peer } of peers) expect(stranger.report(set).remotes.map((remote) => remote.peer)).not.toContain(peer);
  });

  test('nobody but download neighbours is asked, whoever else is there', () => {
    const world = new World({ seed: 'asked' });
    const set = makeContent(500_000, 10_240, world.rng.fork('content'));
    const [owner, other, peer] = [world.addPeer(uplink), world.addPeer(uplink), world.addPeer(uplink)];
    owner.share(set);
    other.share(set, { owner: false });
    peer.get(set, [other], { neighbours: { download: [owner.address] } });
    other.get(set, [peer]);
    world.runUntil(() => peer.isDone, 60_000);
    expect(sources(peer, set)).toEqual([owner.peer]);
    const late = world.addPeer(uplink);
    late.get(set, [peer]);
    world.runUntil(() => late.isDone, 60_000); // anybody is served where upload neighbours are not named
    expect(sources(late, set)).toEqual([peer.peer]);
  });

  test('a neighbour that turns out to be oneself ends the transfer, and says so', () => {
    const world = new World({ seed: 'self' });
    const set = makeContent(500_000, 10_240, world.rng.fork('content'));
    const peer = world.addPeer(uplink);
    peer.get(set, [], { neighbours: { download: [peer.address] } });
    world.run(1_000);
    expect(peer.eventsOf('failed')).toMatchObject([{ code: 'refused', detail: expect.stringContaining('itself') }]);
  });

  test('addresses are the same in whatever way they are written', () => {
    const neighbours: FixedNeighbours = { download: [{ host: '0:0:0:0:0:0:0:1', port: 1 }], upload: [] };
    expect(roleOf(neighbours, [{ host: '::1', port: 1 }])).toEqual({ isAsked: true, isServed: false });
    expect(roleOf(neighbours, [{ host: '::1', port: 2 }])).toEqual({ isAsked: false, isServed: false });
    expect(roleOf(undefined, [])).toEqual({ isAsked: true, isServed: true });
  });
});

describe('fixed neighbours on this machine', () => {
  test('the owner hands out different chunks and goes; the ring completes without any tracker', async () => {
    await using machine = await TestMachine.start();
    const content = seededRng('ring').bytes(2_000_000);
    await writeFile(machine.path('a.bin'), content);
    const owner = await machine.newPeer({ limits: { upBytesPerSecondMax: 4_000_000 } });
    const share = await owner.share({ path: machine.path('a.bin'), chunkBytes: 16_384 });
    const peers = await Promise.all(Array.from({ length: 4 }, () => machine.newPeer()));
    const transfers = peers.map((peer, i) =>
      peer.get(share.ticket, {
        destination: machine.path(`copy ${i}`),
        seed: true,
        neighbours: { download: [owner.address, peers.at(i - 1)!.address], upload: [peers[(i + 1) % 4]!.address] },
      }),
    );
    const held = new Set<number>();
    const spread = transfers.map(async ({ events }) => {
      for await (const event of events) {
        if (event.type === 'chunkHeld') held.add(event.chunk);
        if (held.size === share.chunkCount) return;
      }
    });
    await Promise.race(spread);
    expect(share.progress().sentBytes).toBeLessThan(1.5 * content.length);
    await share.close();
    const reports = await Promise.all(transfers.map(({ done }) => done));
    for (const [i, { remotes, destination }] of reports.entries()) {
      expect((await readFile(destination)).equals(content)).toBe(true);
      const from = remotes.filter(({ receivedBytes }) => receivedBytes > 0).map(({ peer }) => peer);
      expect(new Set(from)).toEqual(new Set([owner.peer, peers.at(i - 1)!.peer]));
    }
  });

  test('a neighbour that is this peer itself is refused, and so is to ask nobody', async () => {
    await using machine = await TestMachine.start();
    const [owner, peer] = [await machine.newPeer(), await machine.newPeer()];
    await writeFile(machine.path('a.bin'), 'abc');
    const { ticket } = await owner.share({ path: machine.path('a.bin') });
    expect(() => peer.get(ticket, { neighbours: { download: [peer.address] } })).toThrow(ShoalError);
    expect(() => peer.get(ticket, { neighbours: { download: [owner.address], upload: [peer.address] } })).toThrow(
      ShoalError,
    );
    expect(() => peer.get(ticket, { neighbours: { download: [] } })).toThrow(UsageError);
  });
});

describe('a neighbour that moves', () => {
  test('is asked where it is now, since it dials whoever asked it before', () => {
    const world = new World({ seed: 'moved' });
    const set = makeContent(2_000_000, 10_240, world.rng.fork('content'));
    const [owner, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
    const neighbour = world.addPeer({ upBytesPerMs: 100 });
    owner.share(set);
    neighbour.get(set, [], { neighbours: { download: [owner.address] } });
    world.runUntil(() => neighbour.isDone, 60_000);
    owner.kill();
    peer.get(set, [], { neighbours: { download: [neighbour.address] } });
    world.runUntil(() => peer.heldCount > 20, 60_000);
    neighbour.kill();
    world.run(5_000);
    expect(peer.isDone).toBe(false);

    const moved = world.movePeer(neighbour);
    expect(moved.address).not.toEqual(neighbour.address);
    moved.share(set, { owner: false, neighbours: { download: [owner.address], callers: [peer.address] } });
    world.runUntil(() => peer.isDone, 60_000);
    expect(sources(peer, set)).toEqual([neighbour.peer]);
  });

  test('is not taken for somebody else who only says that he is there', () => {
    const world = new World({ seed: 'somebody else' });
    const set = makeContent(500_000, 10_240, world.rng.fork('content'));
    const [other, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
    other.share(set, { owner: false, neighbours: { download: [peer.address], callers: [peer.address] } });
    peer.get(set, [], { neighbours: { download: [{ host: '10.1.1.1', port: 4000 }] } });
    world.run(10_000);
    expect(peer.eventsOf('linkUp')).not.toEqual([]);
    expect(peer.heldCount).toBe(0);
  });
});

describe('an owner that waits', () => {
  test('for three receivers hands out nothing before, and then different chunks to each', () => {
    const world = new World({ seed: 'three' });
    const set = makeContent(2_000_000, 10_240, world.rng.fork('content'));
    const owner = world.addPeer(uplink);
    owner.share(set, { receivers: 3 });
    const peers = Array.from({ length: 3 }, () => world.addPeer(uplink));
    for (const peer of peers.slice(0, 2)) peer.get(set, [owner]);
    world.run(5_000);
    expect(owner.report(set).sentBytes).toBe(0);
    peers[2]!.get(set, [owner]);
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    for (const { sentChunks } of owner.report(set).remotes) expect(sentChunks).toBeGreaterThan(30); // of 196
  });
});
