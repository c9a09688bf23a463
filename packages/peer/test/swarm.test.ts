import { askId, Bitfield } from '@shoal/machine';
import { encode, type Message } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import { fluidBoundMs } from '../src/index.ts';
import { type Content, makeContent, type Peer, type PeerOptions, World } from './support/world.ts';

const bytesPerSecond = ({ upBytesPerMs = Infinity }: PeerOptions): number => upBytesPerMs * 1_000;

/** An owner and receivers that arrive together, each told of all the others. */
function swarmOf(receivers: number, chunks: number, options: PeerOptions = {}, receiverOptions = options) {
  const world = new World({ seed: `${receivers} receivers` });
  const set = makeContent(chunks * 10_240 - 7, 10_240, world.rng.fork('content'));
  const owner = world.addPeer(options);
  const peers = Array.from({ length: receivers }, () => world.addPeer(receiverOptions));
  owner.share(set);
  for (const peer of peers) peer.get(set, [owner, ...peers.filter((other) => other !== peer)]);
  const boundMs = fluidBoundMs({
    totalBytes: set.bytes.length,
    ownerUpBytesPerSecond: bytesPerSecond(options),
    receivers: peers.map(() => ({
      upBytesPerSecond: bytesPerSecond(receiverOptions),
      downBytesPerSecond: Infinity,
    })),
  });
  return { world, set, owner, peers, boundMs };
}

const copies = (owner: Peer, set: Content): number => owner.report(set).sentBytes / set.bytes.length;

describe('a swarm', () => {
  test.each([1, 5, 20])('brings the whole to %i receivers, the owner sending little more than one copy', (count) => {
    const { world, set, owner, peers } = swarmOf(count, 100, { upBytesPerMs: 1_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(peers.every((peer) => peer.hasAll(set))).toBe(true);
    expect(copies(owner, set)).toBeLessThan(1.1);
    for (const peer of peers) expect(peer.report(set).receivedBytes).toBe(set.bytes.length);
  });

  test('five receivers are done near the fluid bound', () => {
    const { world, peers, boundMs } = swarmOf(5, 500, { upBytesPerMs: 1_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(world.now / boundMs).toBeLessThan(1.15);
  });

  test('a lone receiver is served at the full speed of the owner', () => {
    const { world, peers, boundMs } = swarmOf(1, 1_000, { upBytesPerMs: 10_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(world.now / boundMs).toBeLessThan(1.1);
  });

  test('two owners of the same content leave each other alone, and a receiver gets it from both', () => {
    const { world, set, owner, peers } = swarmOf(1, 1_000, { upBytesPerMs: 1_000 });
    const second = world.addPeer({ upBytesPerMs: 1_000 });
    second.share(set);
    second.get(set, [owner]);
    peers[0]!.get(set, [second]);
    world.runUntil(() => peers[0]!.isDone, 60_000);
    expect(world.now).toBeLessThan((1.3 * set.bytes.length) / 2_000);
    for (const one of [owner, second]) expect(copies(one, set)).toBeGreaterThan(0.4);
  });

  test('where receivers can send little, the owner gives more than one copy, and the bound is still near', () => {
    const { world, set, owner, peers, boundMs } = swarmOf(5, 300, { upBytesPerMs: 2_000 }, { upBytesPerMs: 200 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    expect(copies(owner, set)).toBeGreaterThan(2);
    expect(world.now / boundMs).toBeLessThan(1.3);
  });

  test('who comes late is served by all who are there', () => {
    const { world, set, owner, peers } = swarmOf(3, 300, { upBytesPerMs: 1_000 });
    world.runUntil(() => peers.every((peer) => peer.isDone), 60_000);
    const late = world.addPeer({ upBytesPerMs: 1_000 });
    late.get(set, [owner, ...peers]);
    world.runUntil(() => late.isDone, 60_000);
    expect(late.report(set).elapsedMs).toBeLessThan((1.4 * set.bytes.length) / 4_000);
    expect(late.report(set).remotes.every((remote) => remote.receivedBytes > 0)).toBe(true);
  });

  test('whoever was not unchoked is refused', () => {
    const { world, set, owner } = swarmOf(1, 300, { upBytesPerMs: 1_000 });
    const { swarmId: swarm, layout } = set.document;
    const failures: string[] = [];
    const greedy = world.addNode({}, ({ fact }) => {
      if (fact.type === 'askFailed') failures.push(fact.code);
      if (fact.type !== 'linkOpened') return;
      const { link } = fact;
      const say = (message: Message): void =>
        world.network.perform(greedy.node, { type: 'sendMessage', link, message: encode(message) }, world.now);
      say({ type: 'hello', agent: 'greedy' });
      say({ type: 'join', swarm, bits: new Bitfield(layout.chunkCount).toBytes(), offering: false });
      for (let chunk = 0; chunk < 50; chunk += 1) {
        const request = encode({ type: 'chunkRequest', swarm, chunk });
        const ask = { type: 'ask', link, ask: askId(1 + chunk), request, bodyBytesMax: 1_000_000 } as const;
        world.network.perform(greedy.node, ask, world.now);
      }
    });
    world.network.perform(greedy.node, { type: 'dial', dial: 1, address: owner.address }, world.now);
    world.run(1_000);
    expect(new Set(failures)).toEqual(new Set(['choked']));
    expect(failures.length).toBeGreaterThan(40);
  });
});
