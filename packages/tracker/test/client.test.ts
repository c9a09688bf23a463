import { Bitfield, type LinkFact, linkId, LinkNumbers, seededRng } from '@shoal/machine';
import { draftOffer, encode, type FileOffer, swarmId, type SwarmKey } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { MemoryTracker, TrackerClient, type TrackerClientConfig, type TrackerClientOutput } from '../src/index.ts';
import { addressOf, peerOf, type Said, World } from './support/world.ts';

const swarm = (number: number) => swarmId(number.toString(16).padStart(64, 'b'))!;
const offer = (number: number, chunkCount = 20): FileOffer => ({
  name: `file-${number}`,
  bytes: 2_000,
  chunkCount,
  swarm: swarm(number),
});
const holding = (chunkCount: number, ...chunks: number[]): Bitfield => {
  const bits = new Bitfield(chunkCount);
  for (const chunk of chunks) bits.set(chunk);
  return bits;
};

const newTracker = (ttlMs = 30_000): MemoryTracker =>
  new MemoryTracker({ rng: seededRng('tracker'), config: { ttlMs } });

/** A tracker at node 0, and clients that know its address and listen. */
function setup(
  options: { clients?: number; ttlMs?: number; up?: boolean; config?: Partial<TrackerClientConfig> } = {},
) {
  const { clients = 1, ttlMs = 30_000, up = true, config = {} } = options;
  const world = new World();
  const tracker = newTracker(ttlMs);
  const server = world.add(tracker);
  if (!up) world.stop(0);
  const peers = Array.from({ length: clients }, (_, i) => {
    const rng = seededRng(`client-${i}`);
    const client = new TrackerClient({ tracker: addressOf(1), numbers: new LinkNumbers(), rng, config });
    const { node, said } = world.add<TrackerClientOutput>(client);
    world.do((now) => client.setListenPort(7_000 + i, now));
    return { node, client, said };
  });
  /** What the tracker knows of file 1: how many are in it, and who holds which chunks. */
  const located = (target = tracker, key: SwarmKey = swarm(1)) => world.locate(target, key);
  return { world, tracker, server, peers, located };
}

const types = (said: readonly Said<TrackerClientOutput>[]): string[] => said.map(({ output }) => output.type);

describe('a tracker client', () => {
  test('registers what it offers and holds, and finds who else is there', () => {
    const { world, peers, located } = setup({ clients: 2 });
    world.do((now) => peers[0]!.client.join(offer(1), Bitfield.full(20), now));
    world.run(100);
    world.do((now) => peers[1]!.client.join(offer(1), holding(20, 4), now));
    world.run(100);
    expect(located()).toEqual({ seeders: 1, leechers: 1, holders: { [peerOf(2)]: 20, [peerOf(3)]: 1 } });
    expect(types(peers[0]!.said)).toEqual(['trackerUp']);
    expect(peers[1]!.said.map(({ output }) => output)).toEqual([
      { type: 'trackerUp', tracker: addressOf(1), peer: peerOf(1) },
      {
        type: 'peersFound',
        swarm: swarm(1),
        peers: [{ address: { ...addressOf(2), port: 7_000 }, peer: peerOf(2) }],
      },
    ]);
    world.run(3_000); // announces are eager while there are few peers
    expect(types(peers[0]!.said)).toContain('peersFound');
  });

  test('finds peers of a swarm it cannot register yet, and registers when it can', () => {
    const { world, peers, located } = setup({ clients: 2 });
    world.do((now) => peers[0]!.client.join(offer(1), Bitfield.full(20), now));
    world.run(50);
    world.do((now) => peers[1]!.client.find(swarm(1), now));
    world.run(50);
    expect(types(peers[1]!.said)).toEqual(['trackerUp', 'peersFound']);
    expect(located()).toMatchObject({ seeders: 1, leechers: 0 });
    world.do((now) => peers[1]!.client.join(offer(1), new Bitfield(20), now));
    world.run(50);
    expect(located()).toMatchObject({ seeders: 1, leechers: 1 });
  });

  test('tells chunks in batches: after a while, or when there are many', () => {
    const { world, tracker, peers, located } = setup({ config: { batchMs: 150, batchChunks: 8 } });
    const { client } = peers[0]!;
    world.do((now) => client.join(offer(1), new Bitfield(20), now));
    world.run(50);
    const requests = (): number => tracker.stats.answered.chunkRegister;
    for (const chunk of [3, 4, 5]) world.do((now) => client.chunksHeld(swarm(1), [chunk], now));
    world.run(100);
    expect(requests()).toBe(0);
    world.run(60);
    expect(requests()).toBe(1);
    expect(located().holders).toEqual({ [peerOf(2)]: 3 });
    world.do((now) => client.chunksHeld(swarm(1), [5, 6, 7, 8, 9, 10, 11, 12, 13], now));
    world.run(10);
    expect(requests()).toBe(2);
    expect(located().holders).toEqual({ [peerOf(2)]: 11 });
    world.run(1_000);
    expect(requests()).toBe(2);
  });

  test('keeps itself known by announcing at the interval the tracker asks for', () => {
    const { world, tracker, peers } = setup({ ttlMs: 30_000 });
    world.do((now) => peers[0]!.client.join(offer(1), Bitfield.full(20), now));
    world.run(600_000);
    expect(tracker.stats.peers).toBe(1);
    const announces = tracker.stats.answered.announce;
    expect(announces).toBeGreaterThan(55);
    expect(announces).toBeLessThan(75); // every 10 s, less jitter, and a few eager ones at first
  });

  test('leaves one swarm, and all of them when it stops', () => {
    const { world, tracker, peers } = setup();
    const { client, said } = peers[0]!;
    for (const file of [1, 2]) world.do((now) => client.join(offer(file), Bitfield.full(20), now));
    world.run(100);
    world.do((now) => client.leave(swarm(1), now));
    world.run(100);
    expect(tracker.stats).toMatchObject({ peers: 1, files: 1 });
    world.do((now) => client.stop(now));
    world.run(100);
    expect(tracker.stats).toMatchObject({ peers: 0, files: 0, links: 0 });
    expect(types(said).at(-1)).toBe('stopped');
    expect(client.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('says why the tracker does not list it, and does not insist', () => {
    const { world, tracker, peers } = setup({ clients: 2 });
    world.do((now) => peers[0]!.client.join(offer(1), Bitfield.full(20), now));
    world.run(100);
    world.do((now) => peers[1]!.client.join(offer(1, 21), Bitfield.full(21), now));
    world.run(60_000);
    const refused = peers[1]!.said.filter(({ output }) => output.type === 'refused');
    expect(refused.map(({ output }) => output)).toEqual([{ type: 'refused', swarm: swarm(1), refusal: 'mismatch' }]);
    expect(tracker.stats.answered.register).toBe(2);
  });

  test('announces more swarms than fit one request', () => {
    const { world, tracker, peers } = setup({ clients: 2 });
    const files = Array.from({ length: 100 }, (_, i) => offer(i));
    for (const file of files) world.do((now) => peers[0]!.client.join(file, Bitfield.full(20), now));
    world.run(1_000);
    for (const file of files) world.do((now) => peers[1]!.client.find(file.swarm, now));
    world.run(1_000);
    const found = peers[1]!.said.flatMap(({ output }) => (output.type === 'peersFound' ? [output.swarm] : []));
    expect(new Set(found).size).toBe(100);
    expect(tracker.stats.files).toBe(100);
  });
});

describe('a tracker client and a file without a manifest', () => {
  const draft = draftOffer({ name: 'long', bytes: 3_000, chunkBytes: 1 })!;
  const hashes = seededRng('hashes').bytes(draft.chunkCount * 32);

  test('claims what it holds, message by message, and says where it stands', () => {
    const { world, tracker, peers, located } = setup({ clients: 2 });
    for (const { client } of peers) world.do((now) => client.join(draft, Bitfield.full(draft.chunkCount), now, hashes));
    world.run(200);
    expect(tracker.stats.answered.claim).toBe(6); // 1,024 a message
    const standings = peers[1]!.said.flatMap(({ output }) => (output.type === 'claimed' ? output.chunks : []));
    expect(new Set(standings.map(({ chunk }) => chunk)).size).toBe(draft.chunkCount);
    expect(standings.every(({ standing }) => standing === 'chunkList')).toBe(true);
    expect(located(tracker, draft.swarm)).toMatchObject({ seeders: 2, holders: { [peerOf(2)]: 3_000 } });
  });

  test('claims chunks as they come, and all of them anew with a tracker that was started anew', () => {
    const { world, tracker, peers, located } = setup();
    const { client } = peers[0]!;
    const table = new Uint8Array(hashes.length);
    world.do((now) => client.join(draft, new Bitfield(draft.chunkCount), now, table));
    world.run(100);
    table.set(hashes.subarray(0, 64));
    world.do((now) => client.chunksHeld(draft.swarm, [0, 1], now));
    world.run(1_000);
    expect(located(tracker, draft.swarm)).toMatchObject({ seeders: 0, leechers: 1 });
    expect(tracker.stats.answered.claim).toBe(1);
    world.stop(0);
    world.run(1_000);
    const second = newTracker();
    world.start(0, second);
    world.run(10_000);
    expect(second.stats.answered.claim).toBe(1);
  });
});

describe('a tracker client without its tracker', () => {
  test('tries again with growing pauses for ever, and says once that the tracker is down', () => {
    const { world, peers } = setup({ up: false });
    const { client, said } = peers[0]!;
    const dials: number[] = [];
    const { network } = world;
    const perform = network.perform.bind(network);
    network.perform = (node, order, now) => {
      if (order.type === 'dial') dials.push(now);
      perform(node, order, now);
    };
    world.do((now) => client.find(swarm(1), now));
    world.run(600_000);
    expect(said.map(({ output }) => output)).toEqual([
      { type: 'trackerDown', tracker: addressOf(1), reason: 'unreachable' },
    ]);
    const pauses = dials.slice(1).map((at, i) => at - dials[i]! - 1_000); // a dial to nobody fails after a second
    expect(pauses[0]).toBeLessThanOrEqual(750);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(45_000);
    expect(Math.min(...pauses.slice(7))).toBeGreaterThanOrEqual(15_000);
    expect(new Set(pauses.slice(7)).size).toBeGreaterThan(3); // peers that lost one tracker do not come back as one
    const tracker = newTracker();
    world.start(0, tracker);
    world.run(50_000);
    expect(types(said)).toEqual(['trackerDown', 'trackerUp']);
  });

  test('registers again, held chunks and all, with a tracker that was started anew', () => {
    const { world, peers, located } = setup({ clients: 2 });
    world.do((now) => peers[0]!.client.join(offer(1), Bitfield.full(20), now));
    world.do((now) => peers[1]!.client.join(offer(1), new Bitfield(20), now));
    world.run(1_000);
    world.stop(0);
    world.run(5_000);
    world.do((now) => peers[1]!.client.chunksHeld(swarm(1), [1, 2, 3], now));
    const tracker = newTracker();
    world.start(0, tracker);
    world.run(20_000);
    expect(located(tracker)).toEqual({ seeders: 1, leechers: 1, holders: { [peerOf(2)]: 20, [peerOf(3)]: 3 } });
    expect(types(peers[1]!.said).filter((type) => type.startsWith('tracker'))).toEqual([
      'trackerUp',
      'trackerDown',
      'trackerUp',
    ]);
  });

  test('registers again when the tracker forgot it behind the same link', () => {
    const { world, tracker, peers, located } = setup({ ttlMs: 30_000 });
    world.do((now) => peers[0]!.client.join(offer(1), holding(20, 7), now));
    world.run(100);
    const { node } = peers[0]!;
    const leave = encode({ type: 'leave' });
    // The same identity leaves on another link, as a second program of the same user would make it.
    const stranger = world.addAs(peerOf(node + 1));
    world.perform(stranger.node, { type: 'dial', dial: 1, address: addressOf(1) });
    world.run(10);
    const { link } = stranger.facts[0] as LinkFact & { type: 'linkOpened' };
    const ask = new LinkNumbers().nextAsk();
    world.perform(stranger.node, { type: 'ask', link, ask, request: leave, bodyBytesMax: 0 });
    world.run(10);
    expect(tracker.stats.peers).toBe(0);
    world.run(15_000);
    expect(located()).toEqual({ seeders: 0, leechers: 1, holders: { [peerOf(2)]: 1 } });
  });

  test('gives up a tracker that stays silent, and one that talks rubbish', () => {
    for (const answer of [undefined, Uint8Array.of(1, 2, 3), encode({ type: 'leaveReply', removed: true })]) {
      const world = new World();
      const fake = world.add();
      const client = new TrackerClient({ tracker: addressOf(1), numbers: new LinkNumbers(), rng: seededRng('x') });
      const { said } = world.add<TrackerClientOutput>(client);
      world.do((now) => client.find(swarm(1), now));
      for (let i = 0; i < 200; i += 1) {
        world.run(100);
        for (const fact of fake.facts.splice(0))
          if (fact.type === 'requestReceived' && answer !== undefined)
            world.perform(fake.node, { type: 'answer', link: fact.link, request: fact.request, head: answer });
      }
      const reason = answer === undefined ? 'silent' : 'protocolViolated';
      expect(said.map(({ output }) => output)).toEqual([{ type: 'trackerDown', tracker: addressOf(1), reason }]);
    }
  });

  test('does not spin on a tracker that accepts files and denies them at once', () => {
    const world = new World();
    const fake = world.add();
    const client = new TrackerClient({ tracker: addressOf(1), numbers: new LinkNumbers(), rng: seededRng('x') });
    world.add<TrackerClientOutput>(client);
    world.do((now) => {
      client.setListenPort(1, now);
      client.join(offer(1), Bitfield.full(20), now);
    });
    let requests = 0;
    for (let i = 0; i < 2_000; i += 1) {
      world.run(5);
      for (const fact of fake.facts.splice(0)) {
        if (fact.type !== 'requestReceived') continue;
        requests += 1;
        const observed = addressOf(2);
        const head = encode(
          requests % 2 === 1
            ? { type: 'registerReply', files: [{ accepted: true }], intervalMs: 10_000, observed }
            : { type: 'chunkRegisterReply', verdict: { accepted: false, reason: 'unknownPeer' } },
        );
        world.perform(fake.node, { type: 'answer', link: fact.link, request: fact.request, head });
      }
    }
    expect(requests).toBeLessThan(60); // in ten seconds
  });

  test('stops at once when there is no link, and hangs up a dial that was under way', () => {
    const { world, tracker, peers } = setup();
    const { client, said } = peers[0]!;
    world.do((now) => client.find(swarm(1), now));
    world.do((now) => client.stop(now));
    expect(types(said)).toEqual(['stopped']);
    world.run(1_000);
    expect(tracker.stats.links).toBe(0);
  });
});

test('a fact about other links is left to others', () => {
  const client = new TrackerClient({ tracker: addressOf(1), numbers: new LinkNumbers(), rng: seededRng('x') });
  const facts: LinkFact[] = [
    { type: 'linkOpened', link: linkId(1), peer: peerOf(1), address: addressOf(1), dial: 77 },
    { type: 'linkOpened', link: linkId(2), peer: peerOf(1), address: addressOf(1) },
    { type: 'dialFailed', dial: 78, code: 'unreachable' },
    { type: 'messageReceived', link: linkId(1), message: new Uint8Array() },
    { type: 'linkClosed', link: linkId(1), code: 'done' },
  ];
  const world = new World();
  for (const fact of facts) expect(client.handleFact(fact, world.now)).toBe(false);
  expect(client.poll()).toBeUndefined();
});
