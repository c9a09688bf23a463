import { Bitfield, linkId, type LinkStats, type PeerId, peerId } from '@shoal/machine';
import type { RemotePicture, SwarmPicture } from '@shoal/peer';
import type { Happening } from '@shoal/visualizer';
import { describe, expect, test } from 'vitest';
import { type Sight, SwarmWatch, type SwarmWatchOptions } from '../../src/live/swarm-watch.ts';

const idOf = (digit: string): PeerId => peerId(digit.repeat(64))!;
const [self, owner, other] = [idOf('a'), idOf('b'), idOf('c')];
const swarm = 'ff'.repeat(32) as never;

const watch = (options: Partial<SwarmWatchOptions> = {}): SwarmWatch =>
  new SwarmWatch({ self, role: 'receiver', label: 'me', name: 'a.bin', selfOnly: false, ...options });

const bits = (...chunks: number[]): Bitfield => {
  const held = new Bitfield(8);
  for (const chunk of chunks) held.set(chunk);
  return held;
};

const remote = (peer: PeerId, held?: Bitfield, stats?: Partial<LinkStats>): RemotePicture => ({
  peer,
  address: { host: '10.0.0.1', port: 7000 },
  link: linkId(1),
  isOwner: peer === owner,
  held,
  ...(stats && { stats: { srttMs: 12.345, cwndBytes: 30_000.4, bytesReceived: 0, bytesSent: 0, ...stats } }),
});

const sight = (held: Bitfield, ...remotes: RemotePicture[]): Sight => ({
  picture: { chunkCount: 8, totalBytes: 800, held, remotes } satisfies SwarmPicture,
  holdups: {},
});

const kinds = (happenings: readonly Happening[]): string[] => happenings.map(({ kind }) => kind);

describe('watching a swarm', () => {
  test('says nothing before the content is known', () => {
    const watching = watch();
    expect(watching.look({ picture: undefined, holdups: { noPeers: 5 } }, 1)).toEqual([]);
    expect(watching.handle({ type: 'chunkAsked', swarm, chunk: 1, from: owner }, 2)).toEqual([]);
  });

  test('begins with the content, what is here, and who is there', () => {
    const limits = { upBytesPerSecondMax: 1_000 };
    expect(watch({ limits }).look(sight(bits(0, 1, 5), remote(owner, Bitfield.full(8))), 3)).toEqual([
      { atMs: 3, kind: 'content', name: 'a.bin', chunkCount: 8, bytes: 800 },
      {
        atMs: 3,
        kind: 'came',
        peer: self,
        role: 'receiver',
        label: 'me',
        upBytesPerSecond: 1_000,
        held: [
          [0, 2],
          [5, 1],
        ],
      },
      { atMs: 3, kind: 'came', peer: owner, role: 'owner', label: '10.0.0.1:7000', held: [[0, 8]] },
      { atMs: 3, kind: 'linked', peer: self, remote: owner },
    ]);
  });

  test('tells what happens to chunks, and from whom', () => {
    const watching = watch();
    watching.look(sight(bits()), 0);
    const at = { swarm, chunk: 4, from: owner } as const;
    expect(watching.handle({ type: 'chunkAsked', ...at }, 5)).toEqual([
      { atMs: 5, kind: 'asked', peer: self, from: owner, chunk: 4 },
    ]);
    expect(kinds(watching.handle({ type: 'chunkDropped', ...at }, 6))).toEqual(['dropped']);
    expect(kinds(watching.handle({ type: 'chunkHeld', bytes: 100, ...at }, 7))).toEqual(['held']);
    const address = { host: '10.0.0.1', port: 7000 };
    expect(kinds(watching.handle({ type: 'chunkDamaged', address, ...at }, 8))).toEqual(['damaged']);
    expect(kinds(watching.handle({ type: 'completed', swarm, elapsedMs: 9 }, 9))).toEqual(['completed']);
  });

  test('follows what a remote holds, until it is complete and has gone', () => {
    const watching = watch();
    watching.look(sight(bits(), remote(other)), 0);
    const known = watching.look(sight(bits(), remote(other, bits(1))), 100);
    expect(known).toMatchObject([{ kind: 'came', peer: other, held: [[1, 1]] }]);
    expect(watching.look(sight(bits(), remote(other, bits(1, 2, 3))), 200)).toEqual([
      { atMs: 200, kind: 'held', peer: other, chunk: 2 },
      { atMs: 200, kind: 'held', peer: other, chunk: 3 },
    ]);
    expect(watching.look(sight(bits(), remote(other, bits(1, 2, 3))), 300)).toEqual([]);
    const all = watching.look(sight(bits(), remote(other, Bitfield.full(8))), 400);
    expect(kinds(all)).toEqual([...Array<string>(5).fill('held'), 'completed']);
    expect(watching.look(sight(bits()), 410)).toEqual([
      { atMs: 410, kind: 'unlinked', peer: self, remote: other },
      { atMs: 410, kind: 'left', peer: other },
    ]);
  });

  test('measures links twice a second, and only while something moves', () => {
    const watching = watch();
    const at = (atMs: number, bytesReceived: number): Happening[] =>
      watching.look(sight(bits(), remote(owner, Bitfield.full(8), { bytesReceived, bytesSent: 10 })), atMs);
    at(0, 1_000);
    expect(at(250, 2_000)).toEqual([]);
    expect(at(500, 3_000)).toEqual([
      {
        atMs: 500,
        kind: 'link',
        peer: self,
        remote: owner,
        upBytesPerSecond: 0,
        downBytesPerSecond: 4_000,
        cwndBytes: 30_000,
        rttMs: 12.35,
      },
    ]);
    expect(at(1_000, 3_000)).toMatchObject([{ kind: 'link', downBytesPerSecond: 0 }]);
    expect(at(1_500, 3_000)).toEqual([]);
  });

  test('tells at the end of links that were too short-lived to be told of before', () => {
    const watching = watch();
    const at = (atMs: number, bytesReceived: number): Happening[] =>
      watching.look(sight(bits(), remote(owner, Bitfield.full(8), { bytesReceived })), atMs);
    watching.look(sight(bits()), 0);
    at(10, 100);
    expect(at(60, 600)).toEqual([]);
    watching.handle({ type: 'completed', swarm, elapsedMs: 110 }, 110);
    expect(at(110, 1_100)).toMatchObject([{ kind: 'link', remote: owner, downBytesPerSecond: 10_000 }]);
    expect(at(120, 1_100)).toEqual([]);
    expect(watching.end({ picture: undefined, holdups: {} }, 130)).toMatchObject([
      { kind: 'link', remote: owner, downBytesPerSecond: 0 },
    ]);
  });

  test('says what the time went to, and that nothing moves at the end', () => {
    const watching = watch();
    const stats = (bytesReceived: number) => remote(owner, Bitfield.full(8), { bytesReceived });
    watching.look({ ...sight(bits(), stats(0)), holdups: { path: 10.4 } }, 0);
    const moving = watching.look({ ...sight(bits(), stats(500)), holdups: { path: 500.2, sender: 3 } }, 500);
    expect(moving.at(-1)).toEqual({ atMs: 500, kind: 'why', peer: self, sharesMs: { path: 500, sender: 3 } });
    expect(watching.end({ picture: undefined, holdups: { path: 510 } }, 510)).toMatchObject([
      { kind: 'why', sharesMs: { path: 510 } },
      { kind: 'link', remote: owner, upBytesPerSecond: 0, downBytesPerSecond: 0, cwndBytes: 30_000, rttMs: 12.35 },
    ]);
  });

  test('tells of nobody else where they tell of themselves', () => {
    const watching = watch({ selfOnly: true });
    const begun = watching.look(sight(bits(), remote(owner, Bitfield.full(8))), 0);
    expect(kinds(begun)).toEqual(['came', 'linked']);
    expect(kinds(watching.look(sight(bits()), 1))).toEqual(['unlinked']);
    const owning = watch({ selfOnly: true, role: 'owner' });
    expect(kinds(owning.look(sight(Bitfield.full(8)), 0))).toEqual(['content', 'came']); // for all of them
  });
});
