import { pureHashes } from '@shoal/chunker';
import { describe, expect, test } from 'vitest';
import type { Happening } from '../src/happenings.ts';
import { Picture } from '../src/picture.ts';
import { classicScene, partNames } from '../src/simulated/classic-scene.ts';
import { defaultSettings, type Settings } from '../src/simulated/settings.ts';
import { type Scene, SimulatedSwarm } from '../src/simulated/simulated-swarm.ts';
import { stepsOf } from '../src/simulated/steps.ts';

const small = { ...defaultSettings, peers: 6, chunks: 12 };
const sceneOf = (settings: Partial<Settings>): Scene => ({
  settings: { ...small, ...settings },
  name: 'test',
  chunkBytes: 10_240,
});
const isNeverEnough = (): boolean => false;

function happeningsOf(scene: Scene): Happening[] {
  return new SimulatedSwarm(scene, pureHashes).run(isNeverEnough);
}

function pictureOf(happenings: readonly Happening[]): Picture {
  const picture = new Picture();
  for (const happening of happenings) picture.apply(happening);
  return picture;
}

const ofKind = <K extends Happening['kind']>(happenings: readonly Happening[], kind: K) =>
  happenings.filter((happening): happening is Happening & { kind: K } => happening.kind === kind);

describe('a simulated swarm', () => {
  test('tells the same for the same scene, another for another seed, in slices or at once', () => {
    const scene = sceneOf({});
    const whole = happeningsOf(scene);
    const sliced = new SimulatedSwarm(scene, pureHashes);
    const parts: Happening[] = [];
    while (!sliced.isOver) {
      let steps = 0;
      parts.push(...sliced.run(() => (steps += 1) > 7));
    }
    expect(parts).toEqual(whole);
    expect(happeningsOf(sceneOf({ seed: '2' }))).not.toEqual(whole);
  });

  test('ends with everybody complete, no sooner than the fluid bound', () => {
    const swarm = new SimulatedSwarm(sceneOf({}), pureHashes);
    const happenings = swarm.run(isNeverEnough);
    const completed = ofKind(happenings, 'completed');
    expect(completed).toHaveLength(5);
    expect(completed.at(-1)!.atMs).toBeGreaterThan(swarm.boundMs);
    const picture = pictureOf(happenings);
    expect(picture.peers.map(({ heldCount }) => heldCount)).toEqual([12, 12, 12, 12, 12, 12]);
    expect(picture.peers.flatMap(({ asks }) => Array.from(asks))).toEqual([]);
    expect(picture.fromOwner + picture.fromPeers).toBe(60);
  });

  test('tells times in order, and of chunks since when they were sent', () => {
    const happenings = happeningsOf(sceneOf({}));
    const times = happenings.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { atMs, sinceMs } of ofKind(happenings, 'held')) expect(sinceMs!).toBeLessThan(atMs);
  });

  test('puts down what the time went to', () => {
    const { sharesMs } = ofKind(happeningsOf(sceneOf({})), 'why').at(-1)!;
    expect(Object.values(sharesMs).reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(0);
  });

  test('links only those beside one another in a ring', () => {
    const links = ofKind(happeningsOf(sceneOf({ topology: 'ring' })), 'linked');
    const pairs = new Set(links.map(({ peer, remote }) => [peer, remote].toSorted().join('-')));
    expect([...pairs].toSorted()).toEqual(['1-2', '1-owner', '2-3', '3-4', '4-5', '5-owner']);
  });

  test('lets the owner go after its copies, and others when they are done', () => {
    const happenings = happeningsOf(sceneOf({ ownerCopies: 1, selfish: true }));
    const left = ofKind(happenings, 'left').map(({ peer }) => peer);
    expect(left).toContain('owner');
    expect(left.length).toBeGreaterThan(1);
    expect(ofKind(happenings, 'completed')).toHaveLength(5);
  });

  test('goes on with liars in it, whose chunks are refused', () => {
    const happenings = happeningsOf(sceneOf({ liars: 2, chunks: 40 }));
    const liars = ofKind(happenings, 'came').flatMap(({ role, peer }) => (role === 'liar' ? [peer] : []));
    expect(liars).toHaveLength(2);
    const damaged = ofKind(happenings, 'damaged');
    expect(damaged.length).toBeGreaterThan(0);
    for (const { from } of damaged) expect(liars).toContain(from);
    const picture = pictureOf(happenings);
    expect(picture.peers.filter(({ role }) => role === 'receiver').map(({ heldCount }) => heldCount)).toEqual([
      40, 40, 40,
    ]);
  });

  test.each(['random', 'sequential'] as const)('picks %s when told to', (policy) => {
    const happenings = happeningsOf(sceneOf({ policy, firstCopies: false }));
    expect(ofKind(happenings, 'completed')).toHaveLength(5);
    expect(happenings).not.toEqual(happeningsOf(sceneOf({ firstCopies: false })));
  });

  test('sends every packet where packets are lost', () => {
    const happenings = happeningsOf(sceneOf({ peers: 3, chunks: 5, lossPercent: 3 }));
    expect(ofKind(happenings, 'completed')).toHaveLength(2);
    expect(ofKind(happenings, 'link').some(({ cwndBytes }) => cwndBytes! > 0)).toBe(true);
  });
});

const named = (chunk: number): string => partNames[chunk]!;

describe('the classic scene', () => {
  const steps = stepsOf(happeningsOf(classicScene));

  test('has four steps: the server gives two parts, the clients share them, and so once more', () => {
    expect(steps.map(({ isShared, moves }) => [isShared, moves.length])).toEqual([
      [false, 2],
      [true, 6],
      [false, 2],
      [true, 6],
    ]);
  });

  test('gives green and yellow to two clients first, then red and blue to two', () => {
    const [first, second] = [steps[0]!, steps[2]!];
    expect(first.moves.map(({ chunk }) => named(chunk)).toSorted()).toEqual(['Green', 'Yellow']);
    expect(second.moves.map(({ chunk }) => named(chunk)).toSorted()).toEqual(['Blue', 'Red']);
    for (const { moves } of [first, second]) expect(new Set(moves.map(({ to }) => to)).size).toBe(2);
  });

  test('leaves every client with all four parts', () => {
    const picture = pictureOf(happeningsOf(classicScene));
    expect(picture.peers.map(({ heldCount }) => heldCount)).toEqual([4, 4, 4, 4, 4]);
    expect(picture.completedCount).toBe(4);
    expect(picture.fromOwner).toBe(4);
  });
});
