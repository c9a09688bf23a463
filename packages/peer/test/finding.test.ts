import { instant, NEVER, type PeerId, seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { Session } from '../src/index.ts';
import { encode, type Message } from '@shoal/wire';
import { type Content, type Identity, makeContent, type Peer, World } from './support/world.ts';

const uplink = { upBytesPerMs: 1_000 };
const allDone = (peers: readonly Peer[]) => (): boolean => peers.every((peer) => peer.isDone);

function trackedSwarm(seed: string, trackerCount: number) {
  const world = new World({ seed });
  const set: Content = makeContent(2_000_000, 10_240, world.rng.fork('content'));
  const trackers = Array.from({ length: trackerCount }, () => world.addTracker());
  const addresses = trackers.map((tracker) => tracker.address);
  const owner = world.addPeer(uplink);
  owner.share(set, { trackers: addresses });
  const newReceiver = (): Peer => {
    const peer = world.addPeer(uplink);
    peer.get(set, [], { trackers: addresses });
    return peer;
  };
  return { world, set, trackers, owner, newReceiver };
}

/** Joins a swarm with a peer and tells it of peers that do not exist, again and again. */
function flooder(world: World, { document }: Content, victim: Peer, number: number): Identity {
  let names = 0;
  const { swarmId: swarm } = document;
  const stranger = world.addNode({}, ({ fact }) => {
    if (fact.type !== 'linkOpened') return;
    const say = (message: Message): void =>
      world.network.perform(
        stranger.node,
        { type: 'sendMessage', link: fact.link, message: encode(message) },
        world.now,
      );
    const flood = (): void => {
      const peers = Array.from({ length: 30 }, () => ({
        address: { host: `10.${100 + number}.${(names += 1) >> 8}.${names & 255}`, port: 1 },
      }));
      say({ type: 'peers', swarm, peers });
      if (names < 3_000) world.later(50, flood);
    };
    say({ type: 'hello', agent: 'flooder' });
    say({ type: 'join', swarm, bits: new Uint8Array(), offering: false });
    flood();
  });
  world.network.perform(stranger.node, { type: 'dial', dial: 1, address: victim.address }, world.now);
  return stranger;
}

describe('finding peers', () => {
  test('whoever stops dials nobody any more, and waits for nothing', () => {
    const { swarmId: swarm } = makeContent(1_000, 100, seededRng('stop')).document;
    const session = new Session({ peer: 'a'.repeat(64) as PeerId, rng: seededRng('stop') }, instant(0));
    session.join({ swarm, name: 'x', peers: [{ address: { host: '10.0.0.9', port: 4_000 } }] }, instant(1));
    const dialled = session.poll();
    session.stop(instant(2));
    const dial = dialled?.type === 'linkOrder' && dialled.order.type === 'dial' ? dialled.order.dial : -1;
    session.handleLink({ type: 'dialFailed', dial, code: 'unreachable' }, instant(3));
    expect(dial).toBeGreaterThan(0);
    expect(session.nextTimeout()).toBe(NEVER);
  });

  test('a tracker brings together who knows only it', () => {
    const { world, newReceiver, set } = trackedSwarm('tracker', 1);
    const peers = [newReceiver(), newReceiver(), newReceiver()];
    world.runUntil(allDone(peers), 60_000);
    for (const peer of peers) {
      expect(peer.eventsOf('trackerUp')).toHaveLength(1);
      expect(peer.report(set).remotes.filter((remote) => remote.receivedBytes > 0).length).toBe(3);
    }
  });

  test('the transfer goes on when the tracker dies half-way', () => {
    const { world, trackers, newReceiver } = trackedSwarm('tracker dies', 1);
    const peers = [newReceiver(), newReceiver(), newReceiver()];
    world.runUntil(() => peers.every((peer) => peer.heldCount > 50), 60_000);
    trackers[0]!.stop();
    world.runUntil(allDone(peers), 60_000);
    world.run(5_000);
    for (const peer of peers) expect(peer.eventsOf('trackerDown')).toHaveLength(1);
  });

  test('a second tracker serves when the first is gone', () => {
    const { world, trackers, newReceiver } = trackedSwarm('two trackers', 2);
    world.run(1_000);
    trackers[0]!.stop();
    const late = newReceiver();
    world.runUntil(allDone([late]), 60_000);
    expect(late.eventsOf('trackerUp').map((event) => event.tracker)).toEqual([trackers[1]!.address]);
  });

  test('a tracker that was dead is registered with again when it comes back', () => {
    const { world, set, trackers, owner } = trackedSwarm('tracker returns', 2);
    world.run(1_000);
    trackers[0]!.stop();
    world.run(60_000);
    expect(owner.eventsOf('trackerDown').map((event) => event.tracker)).toEqual([trackers[0]!.address]);
    trackers[0]!.start();
    trackers[1]!.stop();
    world.run(60_000);
    expect(owner.eventsOf('trackerUp').map((event) => event.tracker)).toEqual([
      trackers[0]!.address,
      trackers[1]!.address,
      trackers[0]!.address,
    ]);
    const late = world.addPeer();
    late.get(set, [], { trackers: [trackers[0]!.address] }); // knows only the one that came back
    world.runUntil(() => late.isDone, 60_000);
    expect(late.hasAll(set)).toBe(true);
  });

  test('without any tracker, one known peer introduces the others', () => {
    const { world, set, owner, newReceiver } = trackedSwarm('introductions', 0);
    const first = newReceiver();
    first.get(set, [owner]);
    world.runUntil(() => first.heldCount > 20, 60_000);
    const late = world.addPeer(uplink);
    late.get(set, [first]);
    world.runUntil(allDone([first, late]), 60_000);
    const sources = late.report(set).remotes.filter((remote) => remote.receivedBytes > 0);
    expect(new Set(sources.map((source) => source.peer))).toEqual(new Set([owner.peer, first.peer]));
  });

  test('with all trackers dead, transfers go on, and newcomers join through any peer they know', () => {
    const { world, set, trackers, owner, newReceiver } = trackedSwarm('all dead', 2);
    const early = [newReceiver(), newReceiver(), newReceiver()];
    world.runUntil(() => early.every((peer) => peer.heldCount > 20), 60_000);
    for (const tracker of trackers) tracker.stop();
    const newcomer = (known: Peer): Peer => {
      const peer = world.addPeer(uplink);
      peer.get(set, [known], { trackers: trackers.map(({ address }) => address) });
      return peer;
    };
    const late = [newcomer(early[0]!), newcomer(early[0]!)];
    world.run(300);
    late.push(newcomer(late[0]!)); // knows only somebody who is new here as well
    world.runUntil(allDone([...early, ...late]), 60_000);
    for (const peer of late) {
      const sources = peer.report(set).remotes.filter((remote) => remote.receivedBytes > 0);
      expect(sources.length).toBeGreaterThan(2);
    }
    owner.kill();
    early[0]!.kill();
    const last = newcomer(late[2]!);
    world.runUntil(allDone([last]), 60_000);
    expect(last.hasAll(set)).toBe(true);
  });

  test('a known peer that was away for an hour is found again without any tracker', () => {
    const { world, set, owner } = trackedSwarm('away', 0);
    owner.kill();
    const peer = world.addPeer(uplink);
    peer.get(set, [owner]);
    world.run(3_600_000);
    owner.restart();
    owner.share(set);
    world.runUntil(allDone([peer]), 120_000);
    expect(peer.hasAll(set)).toBe(true);
  });

  test('others are introduced to a peer where it has moved to, and nowhere else', () => {
    const { world, set, owner, newReceiver } = trackedSwarm('moved', 0);
    const first = newReceiver();
    first.get(set, [owner]);
    world.runUntil(() => first.heldCount > 20, 60_000);
    const elsewhere = { host: '10.9.0.1', port: owner.address.port };
    world.network.moveNode(owner.node, elsewhere, world.now);
    world.run(100);
    const late = world.addPeer(uplink);
    late.get(set, [first]);
    world.runUntil(allDone([first, late]), 60_000);
    expect(late.eventsOf('linkUp').find(({ peer }) => peer === owner.peer)).toMatchObject({ address: elsewhere });
    expect(late.eventsOf('dialFailed')).toEqual([]);
  });

  test('a peer that has moved is dialled again where our user named it, once its link has ended', () => {
    const { world, set, owner } = trackedSwarm('moved back', 0);
    const peer = world.addPeer(uplink);
    peer.get(set, [owner]);
    world.runUntil(() => peer.heldCount > 20, 60_000);
    world.network.moveNode(owner.node, { host: '10.9.0.1', port: 1 }, world.now);
    world.run(100);
    owner.kill();
    world.network.moveNode(owner.node, owner.address, world.now);
    owner.restart();
    owner.share(set);
    world.runUntil(allDone([peer]), 60_000);
    expect(peer.hasAll(set)).toBe(true);
  });

  test('strangers who introduce nonsense keep nobody from the peers that a known one introduces', () => {
    const world = new World({ seed: 'nonsense' });
    const set = makeContent(2_000_000, 10_240, world.rng.fork('content'));
    const owner = world.addPeer(uplink);
    owner.share(set);
    const others = Array.from({ length: 4 }, () => world.addPeer(uplink));
    for (const other of others) other.get(set, [owner]);
    world.runUntil(() => others.every((other) => other.heldCount > 5), 10_000);
    const victim = world.addPeer(uplink);
    const strangers = Array.from({ length: 40 }, (_, i) => flooder(world, set, victim, i));
    victim.get(set, []);
    world.run(2_000);
    victim.get(set, [others[0]!]); // now it comes to know one who is real
    world.runUntil(allDone([victim, ...others]), 60_000);
    const linked = (peer: Peer): boolean => victim.eventsOf('linkUp').some((event) => event.peer === peer.peer);
    world.runUntil(() => others.every((other) => linked(other)), 60_000);
    expect(strangers.every((stranger) => victim.linkTo(stranger) !== undefined)).toBe(true);
    expect(victim.eventsOf('dialFailed').length).toBeLessThan(600);
  });

  test('says why nothing goes on: nobody is there, nobody has the manifest, nobody has a chunk', () => {
    const world = new World({ seed: 'waiting' });
    const set = makeContent(200_000, 10_000, world.rng);
    const [a, b] = [world.addPeer(uplink), world.addPeer(uplink)];
    a.get(set, []);
    world.run(1_500);
    expect(a.eventsOf('waiting').map((event) => event.reason)).toEqual(['noPeers']);
    b.get(set, [a]);
    world.run(1_500);
    expect(a.eventsOf('waiting').map((event) => event.reason)).toEqual(['noPeers', 'noManifest']);

    const owner = world.addPeer(uplink);
    owner.share(set);
    b.get(set, [owner]);
    world.runUntil(() => b.heldCount > 3, 10_000);
    owner.kill();
    world.run(5_000);
    expect(b.eventsOf('waiting').at(-1)).toMatchObject({ reason: 'noSource' });
    owner.restart();
    owner.share(set);
    world.runUntil(allDone([a, b]), 60_000);
  });

  test('a swarm that was left is talked of no more, and its links end', () => {
    const { world, set, owner, newReceiver } = trackedSwarm('leaving', 1);
    const peer = newReceiver();
    world.runUntil(allDone([peer]), 60_000);
    peer.leave(set);
    world.run(1_000);
    expect(owner.report(set).remoteCount).toBe(0);
    world.run(2_000);
    expect(owner.eventsOf('linkDown')).toMatchObject([{ peer: peer.peer, code: 'done' }]);
  });

  test('stopping says goodbye to tracker and peers', () => {
    const { world, set, owner, newReceiver } = trackedSwarm('stopping', 1);
    const peer = newReceiver();
    world.runUntil(() => peer.heldCount > 10, 60_000);
    peer.stop();
    world.run(1_000);
    expect(peer.eventsOf('stopped')).toHaveLength(1);
    expect(owner.report(set).remoteCount).toBe(0);
    const late = newReceiver();
    world.runUntil(allDone([late]), 60_000);
    expect(late.eventsOf('dialFailed')).toEqual([]);
  });
});

describe('links', () => {
  test('two peers that dial each other at once end up with one link', () => {
    for (let seed = 0; seed < 10; seed += 1) {
      const world = new World({ seed: `at once ${seed}` });
      const set = makeContent(300_000, 10_000, world.rng);
      const [a, b] = [world.addPeer(uplink), world.addPeer(uplink)];
      a.share(set, { peers: [b] });
      b.get(set, [a]);
      world.runUntil(() => b.isDone, 10_000);
      world.run(10_000);
      expect([a.report(set).remoteCount, b.report(set).remoteCount]).toEqual([1, 1]);
      expect(a.eventsOf('linkUp').length - a.eventsOf('linkDown').length).toBe(1);
    }
  });

  test('a peer told of itself does not link to itself', () => {
    const world = new World({ seed: 'self' });
    const set = makeContent(300_000, 10_000, world.rng);
    const owner = world.addPeer(uplink);
    owner.share(set, { peers: [{ address: owner.address }] });
    world.run(10_000);
    expect(owner.eventsOf('linkUp')).toEqual([]);
  });

  test('an address where nobody is gets dialled less and less often', () => {
    const world = new World({ seed: 'nobody' });
    const set = makeContent(300_000, 10_000, world.rng);
    const peer = world.addPeer(uplink);
    peer.get(set, [{ node: 9, address: { host: '10.9.9.9', port: 9 }, peer: peer.peer }]);
    peer.session.join(
      { swarm: set.document.swarmId, name: 'a.bin', peers: [{ address: { host: '10.9.9.9', port: 9 } }] },
      world.now,
    );
    world.run(600_000);
    const dials = peer.eventsOf('dialFailed').length;
    expect(dials).toBeGreaterThan(4);
    expect(dials).toBeLessThan(20);
  });

  test('an address told with a wrong identity is reached all the same', () => {
    const world = new World({ seed: 'wrong identity' });
    const set = makeContent(100_000, 10_000, world.rng);
    const [owner, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
    owner.share(set);
    peer.get(set, [{ node: owner.node, address: owner.address, peer: '0'.repeat(64) as PeerId }]);
    world.runUntil(() => peer.isDone, 20_000);
    expect(peer.eventsOf('dialFailed')).toMatchObject([{ code: 'authenticationFailed' }]);
  });

  test('leaving one swarm keeps the links of another', () => {
    const world = new World({ seed: 'two swarms' });
    const [one, two] = [
      makeContent(900_000, 10_000, world.rng.fork('1')),
      makeContent(100_000, 10_000, world.rng.fork('2')),
    ];
    const [owner, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
    for (const set of [one, two]) {
      owner.share(set);
      peer.get(set, [owner]);
    }
    world.runUntil(() => peer.completed.has(two.document.swarmId), 20_000);
    peer.leave(two);
    world.runUntil(() => peer.completed.has(one.document.swarmId), 20_000);
    expect(peer.eventsOf('linkDown')).toEqual([]);
    peer.leave(one);
    world.run(3_000);
    expect(peer.eventsOf('linkDown')).toHaveLength(1);
  });

  test('a swarm with more peers than links still reaches everybody', () => {
    const world = new World({ seed: 'many' });
    const set = makeContent(50_000, 5_000, world.rng);
    const tracker = world.addTracker();
    const owner = world.addPeer(uplink);
    owner.share(set, { trackers: [tracker.address] });
    const peers = Array.from({ length: 75 }, () => world.addPeer(uplink));
    for (const peer of peers) peer.get(set, [], { trackers: [tracker.address] });
    world.runUntil(allDone(peers), 120_000);
    expect(owner.report(set).remoteCount).toBeLessThanOrEqual(64);
  }, 30_000);
});
