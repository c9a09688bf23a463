import { encodeHeader, pureHashes, swarmIdOf } from '@shoal/chunker';
import { describe, expect, test } from 'vitest';
import { type Content, type Identity, makeContent, type Peer, type PeerOptions, World } from './support/world.ts';

const uplink = { upBytesPerMs: 1_000 };

function setOut(seed: string, chunks = 100, chunkBytes = 10_240): { world: World; set: Content; owner: Peer } {
  const world = new World({ seed });
  const set = makeContent(chunks * chunkBytes - 1, chunkBytes, world.rng.fork('content'));
  const owner = world.addPeer(uplink);
  owner.share(set);
  return { world, set, owner };
}

/** Enough chunks for three parts of the table. */
const setOutLarge = (seed: string): ReturnType<typeof setOut> => setOut(seed, 2_500, 64);

const flip = (body: Uint8Array): Uint8Array => body.map((byte, i) => (i === 7 ? byte ^ 1 : byte));

/** Receivers that know the owner and one another. */
function receive(world: World, set: Content, from: Identity[], count: number, options: PeerOptions = uplink): Peer[] {
  const peers = Array.from({ length: count }, () => world.addPeer(options));
  for (const peer of peers) peer.get(set, [...from, ...peers.filter((other) => other !== peer)]);
  return peers;
}

const allDone = (peers: readonly Peer[]) => (): boolean => peers.every((peer) => peer.isDone);

describe('a liar', () => {
  test('is named, struck and banned, while the honest finish', () => {
    const { world, set, owner } = setOut('liar');
    const [liar] = receive(world, set, [owner], 1, { ...uplink, corrupt: flip }) as [Peer];
    world.runUntil(() => liar.heldCount > 20, 10_000);
    const honest = receive(world, set, [owner, liar], 4);
    world.runUntil(allDone(honest), 60_000);
    const struck = honest.flatMap((peer) => peer.eventsOf('remoteStruck'));
    expect(struck.length).toBeGreaterThan(0);
    for (const event of struck) expect(event).toMatchObject({ peer: liar.peer, offence: 'badChunk', banned: true });
    const damaged = honest.flatMap((peer) => peer.eventsOf('chunkDamaged'));
    expect(new Set(damaged.map((event) => event.from))).toEqual(new Set([liar.peer]));
    for (const peer of honest) {
      expect(peer.hasAll(set)).toBe(true);
      expect(peer.report(set).damagedChunks).toBeLessThanOrEqual(5); // what was under way when the first one was found
    }
  });

  test('who owns all the bad copies does not keep a receiver from the good ones', () => {
    const { world, set, owner } = setOut('liars');
    const liars = receive(world, set, [owner], 5, { ...uplink, corrupt: flip });
    world.run(1_500);
    const honest = receive(world, set, [owner, ...liars], 3);
    world.runUntil(allDone(honest), 60_000);
    expect(honest.every((peer) => peer.hasAll(set))).toBe(true);
  });

  test('with a wrong manifest is banned, and the manifest comes from another', () => {
    const { world, set, owner } = setOut('manifest');
    const other = makeContent(5_000, 1_000, world.rng.fork('other'));
    const forger = world.addPeer(uplink);
    forger.share({ ...other, document: { ...other.document, swarmId: set.document.swarmId } });
    const peer = world.addPeer(uplink);
    peer.get(set, [forger]);
    world.runUntil(() => peer.eventsOf('remoteStruck').length > 0, 10_000);
    expect(peer.eventsOf('remoteStruck')).toMatchObject([{ peer: forger.peer, offence: 'badManifest', banned: true }]);
    peer.get(set, [owner]);
    world.runUntil(allDone([peer]), 10_000);
    expect(peer.hasAll(set)).toBe(true);
  });
});

describe('a manifest in parts', () => {
  test('a wrong part names its sender at once, and the rest comes from another', () => {
    const { world, set, owner } = setOutLarge('a wrong part');
    const wrong = set.document.digests.slice();
    wrong[wrong.length - 1]! ^= 1;
    const forger = world.addPeer(uplink);
    forger.share(set, { document: { ...set.document, digests: wrong } });
    const peer = world.addPeer(uplink);
    peer.get(set, [forger]);
    world.runUntil(() => peer.eventsOf('remoteStruck').length > 0, 10_000);
    expect(peer.eventsOf('remoteStruck')).toMatchObject([{ peer: forger.peer, offence: 'badManifest', banned: true }]);
    expect(peer.eventsOf('manifestReceived')).toEqual([]);
    peer.get(set, [owner]);
    world.runUntil(allDone([peer]), 20_000);
    expect(peer.hasAll(set)).toBe(true);
  });

  test('comes from another when its sender goes half-way', () => {
    const { world, set, owner } = setOutLarge('half a manifest');
    const second = world.addPeer(uplink);
    second.get(set, [owner]);
    world.runUntil(allDone([second]), 20_000);
    const peer = world.addPeer(uplink);
    peer.get(set, [owner, second]);
    world.runUntil(() => peer.eventsOf('remoteJoined').length > 0, 10_000);
    owner.kill();
    world.runUntil(allDone([peer]), 30_000);
    expect(peer.hasAll(set)).toBe(true);
  });

  test('that its maker made wrong ends the swarm, and nobody is blamed for handing it on', () => {
    const { world, set, owner } = setOut('newer');
    const newer = { ...set.document.header, version: 2 as 1 };
    const swarmId = swarmIdOf(encodeHeader(newer), pureHashes);
    const document = { ...set.document, header: newer, swarmId };
    const [future, peer] = [world.addPeer(uplink), world.addPeer(uplink)];
    future.share({ ...set, document });
    peer.get({ ...set, document }, [future, owner]);
    world.runUntil(() => peer.eventsOf('failed').length > 0, 10_000);
    const detail: unknown = expect.stringContaining('newer shoal');
    expect(peer.eventsOf('failed')).toMatchObject([{ swarm: swarmId, code: 'manifestInvalid', detail }]);
    expect(peer.eventsOf('remoteStruck')).toEqual([]);
  });
});

describe('somebody who goes or falls silent', () => {
  test('a frozen receiver keeps nobody waiting', () => {
    const { world, set, owner } = setOut('frozen', 200);
    const peers = receive(world, set, [owner], 5);
    const [frozen, ...rest] = peers as [Peer, ...Peer[]];
    world.runUntil(() => frozen.heldCount > 60, 10_000);
    world.freeze(frozen);
    const frozenAt = world.now;
    world.runUntil(allDone(rest), 30_000);
    expect(world.now - frozenAt).toBeLessThan(5_000);
  });

  test('a remote that no longer answers is snubbed, and its chunks come from another', () => {
    const { world, set, owner } = setOut('snubbed', 400);
    const other = world.addPeer(uplink);
    other.share(set, { owner: false });
    const peer = world.addPeer(uplink);
    peer.get(set, [owner, other]);
    world.runUntil(() => peer.heldCount > 20, 10_000);
    world.freeze(other);
    world.runUntil(allDone([peer]), 30_000);
    expect(peer.eventsOf('remoteSnubbed')).toMatchObject([{ peer: other.peer }]);
    expect(peer.report(set).elapsedMs).toBeLessThan(8_000);
  });

  test('a receiver that vanishes with first copies leaves no gap', () => {
    const { world, set, owner } = setOut('vanished', 200);
    const [lost, ...rest] = receive(world, set, [owner], 3) as [Peer, ...Peer[]];
    world.runUntil(() => lost.heldCount > 100, 10_000);
    lost.kill();
    world.runUntil(allDone(rest), 30_000);
    expect(rest.every((peer) => peer.hasAll(set))).toBe(true);
  });

  test('the owner may leave when one copy is spread', () => {
    const { world, set, owner } = setOut('owner leaves', 200);
    const peers = receive(world, set, [owner], 4);
    const spread = (): boolean => {
      const held = new Set<number>();
      for (const peer of peers) for (const { chunk } of peer.eventsOf('chunkHeld')) held.add(chunk);
      return held.size === set.document.layout.chunkCount;
    };
    world.runUntil(spread, 30_000);
    owner.kill();
    world.runUntil(allDone(peers), 60_000);
    expect(peers.every((peer) => peer.hasAll(set))).toBe(true);
  });

  test('a receiver killed half-way fetches only what it lacks when it is back', () => {
    const { world, set, owner } = setOut('restart', 200);
    const [peer, other] = receive(world, set, [owner], 2) as [Peer, Peer];
    world.runUntil(() => peer.heldCount >= 80, 10_000);
    peer.kill();
    const before = peer.heldCount;
    world.run(3_000);
    peer.restart();
    peer.get(set, [owner, other]);
    world.runUntil(allDone([peer, other]), 30_000);
    const { receivedBytes, resumedBytes, totalBytes } = peer.report(set);
    expect(peer.eventsOf('storeReady').at(-1)).toMatchObject({ heldChunks: before });
    expect(receivedBytes + resumedBytes).toBe(totalBytes);
  });
});

describe('the last chunks', () => {
  test('are asked of a second remote when the first one is slow, and the loser is told', () => {
    const { world, set, owner } = setOut('endgame', 40);
    const [slow] = receive(world, set, [owner], 1, uplink) as [Peer];
    world.runUntil(allDone([slow]), 10_000);
    world.setUplink(slow.node, 5);
    const peer = world.addPeer(uplink);
    peer.get(set, [slow, owner]);
    world.runUntil(allDone([peer]), 60_000);
    expect(peer.eventsOf('endgameStarted')).toHaveLength(1);
    // The slow one needs two seconds for a chunk; nobody waited for its last ones.
    expect(peer.report(set).elapsedMs).toBeLessThan(2_000);
    expect(peer.report(set).duplicateChunks).toBe(0);
    expect(slow.report(set).sentBytes).toBe(0);
  });
});

describe('a disk', () => {
  test('that is full pauses the transfer, which goes on when there is room', () => {
    const { world, set, owner } = setOut('full disk');
    const [peer] = receive(world, set, [owner], 1) as [Peer];
    world.runUntil(() => peer.heldCount > 20, 10_000);
    peer.diskTrouble = 'diskFull';
    world.runUntil(() => peer.eventsOf('paused').length > 0, 10_000);
    const held = peer.heldCount;
    world.run(12_000);
    expect(peer.heldCount).toBe(held);
    expect(peer.eventsOf('paused')[0]).toMatchObject({ code: 'diskFull' });
    peer.diskTrouble = undefined;
    world.runUntil(allDone([peer]), 20_000);
    expect(peer.eventsOf('resumed').length).toBeGreaterThan(0);
  });

  test.each([3, 5, 7, 9, 11])('that is full when %i chunks of 15 are there leaves no chunk behind', (held) => {
    const { world, set, owner } = setOut(`full at ${held}`, 15);
    const [peer] = receive(world, set, [owner], 1) as [Peer];
    world.runUntil(() => peer.heldCount >= held, 10_000);
    peer.diskTrouble = 'diskFull';
    world.runUntil(() => peer.eventsOf('paused').length > 0, 10_000);
    world.run(held === 7 ? 1_000 : 6_000); // once or twice in vain
    peer.diskTrouble = undefined;
    world.runUntil(allDone([peer]), 20_000);
    expect(peer.hasAll(set)).toBe(true);
  });

  test('that fails ends the transfer with its code, and no other', () => {
    const { world, set, owner } = setOut('broken disk');
    const [broken, fine] = receive(world, set, [owner], 2) as [Peer, Peer];
    world.runUntil(() => broken.heldCount > 10, 10_000);
    broken.diskTrouble = 'diskFailed';
    world.runUntil(allDone([fine]), 20_000);
    expect(broken.eventsOf('failed')).toMatchObject([{ code: 'diskFailed' }]);
    expect(broken.session.report(set.document.swarmId, world.now)).toBeUndefined();
  });

  test('that is slow bounds what is asked for, and everything arrives', () => {
    const world = new World({ seed: 'slow disk' });
    const set = makeContent(1_000_000, 10_000, world.rng);
    const owner = world.addPeer();
    owner.share(set);
    const peer = world.addPeer({ diskMs: 50, fetchBytesMax: 40_000 });
    peer.get(set, [owner]);
    let most = 0;
    world.runUntil(() => {
      most = Math.max(most, peer.writesUnderWay);
      return peer.isDone;
    }, 60_000);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('that lost a chunk has it fetched again, and no bad byte is sent', () => {
    const { world, set, owner } = setOut('rot', 200);
    const [peer, other] = receive(world, set, [owner], 2) as [Peer, Peer];
    world.setUplink(peer.node, 50); // so that requests wait for their turn to be read
    world.runUntil(() => peer.heldCount > 20, 10_000);
    const there = new Set(other.eventsOf('chunkHeld').map(({ chunk }) => chunk));
    for (const { chunk } of peer.eventsOf('chunkHeld')) if (!there.has(chunk)) peer.rotten.add(chunk);
    world.runUntil(allDone([peer, other]), 20_000);
    expect(peer.eventsOf('readFailed').length).toBeGreaterThan(0);
    expect(peer.hasAll(set)).toBe(true);
    expect(other.report(set).damagedChunks).toBe(0);
  });
});

describe('a chunk that was held and is lost', () => {
  test('comes from a neighbour who never had to say that it has it', () => {
    const { world, set, owner } = setOut('lost', 50);
    const [peer, other] = receive(world, set, [owner], 2) as [Peer, Peer];
    world.runUntil(() => peer.heldCount >= 25, 10_000);
    const had = new Set(other.eventsOf('chunkHeld').map(({ chunk }) => chunk));
    const lost = peer.eventsOf('chunkHeld').find(({ chunk }) => !had.has(chunk))!.chunk;
    world.runUntil(() => other.eventsOf('chunkHeld').some(({ chunk }) => chunk === lost), 10_000);
    owner.kill();
    world.run(2_000);
    const before = peer.eventsOf('chunkHeld').length;
    const fact = { swarm: set.document.swarmId, chunk: lost, read: 0, code: 'storeDamaged' } as const;
    peer.tell((session, now) => session.handleStore({ type: 'readFailed', ...fact }, now));
    world.runUntil(() => peer.eventsOf('chunkHeld').length > before, 10_000);
    expect(peer.eventsOf('chunkHeld').at(-1)).toMatchObject({ chunk: lost, from: other.peer });
  });
});

describe('memory', () => {
  test('is shared by all transfers of a peer, and none of them starves', () => {
    const world = new World({ seed: 'two swarms' });
    const sets = ['one', 'two', 'three'].map((name) => makeContent(400_000, 10_000, world.rng.fork(name)));
    const owner = world.addPeer(uplink);
    const peer = world.addPeer({ diskMs: 20, fetchBytesMax: 10_000 });
    for (const set of sets) {
      owner.share(set);
      peer.get(set, [owner]);
    }
    let most = 0;
    world.runUntil(() => {
      most = Math.max(most, peer.writesUnderWay);
      return peer.completed.size === 3;
    }, 60_000);
    expect(most).toBe(1);
  });
});
