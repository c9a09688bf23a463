// What goes wrong in one run, drawn from its seed: which kinds of trouble there are at all, whom they befall, when and for
// how long. By `healedAtMs` all of it is over, and from then on everybody honest has to finish.

import type { Rng } from '@shoal/machine';
import type { Rates } from './fluid-medium.ts';
import type { Fault } from './scenario.ts';

export interface DrawnFaultsOptions {
  /** Peer 0 is the owner, who is spared what would end the content: its disk keeps its word. */
  readonly receivers: number;
  readonly healedAtMs: number;
}

/** From one moment to a later one. */
interface Spell {
  readonly from: number;
  readonly to: number;
}

type Trouble = (rng: Rng, options: DrawnFaultsOptions) => Fault[];

const troubles: readonly Trouble[] = [
  crashes,
  pauses,
  moves,
  partitions,
  trackerOutages,
  slowDisks,
  fullDisks,
  rot,
  slowLines,
];

/** About half of all kinds of trouble, in any order. */
export function drawFaults(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  const chosen = troubles.filter(() => rng.chance(0.5));
  return chosen.flatMap((trouble) => trouble(rng, options));
}

function crashes(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 0).flatMap(({ peer, from, to }): Fault[] => [
    { type: 'killPeer', atMs: from, peer },
    { type: 'startPeer', atMs: to, peer },
  ]);
}

/** To the one paused its clock jumps. */
function pauses(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 0).flatMap(({ peer, from, to }): Fault[] => [
    { type: 'pausePeer', atMs: from, peer },
    { type: 'resumePeer', atMs: to, peer },
  ]);
}

function moves(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 0).map(({ peer, from }): Fault => ({ type: 'movePeer', atMs: from, peer }));
}

function partitions(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  const { from, to } = spell(rng, options);
  const apart = victims(rng, options, 0);
  return [
    { type: 'partition', atMs: from, apart },
    { type: 'partition', atMs: to, apart: [] },
  ];
}

function trackerOutages(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  const { from, to } = spell(rng, options);
  return [
    { type: 'stopTracker', atMs: from },
    { type: 'startTracker', atMs: to },
  ];
}

function slowDisks(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 0).flatMap(({ peer, from, to }): Fault[] => [
    { type: 'setDisk', atMs: from, peer, delayMs: 1 + rng.below(400) },
    { type: 'setDisk', atMs: to, peer, delayMs: rng.below(3) },
  ]);
}

function fullDisks(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 1).flatMap(({ peer, from, to }): Fault[] => [
    { type: 'setDisk', atMs: from, peer, isFull: true },
    { type: 'setDisk', atMs: to, peer, isFull: false },
  ]);
}

function rot(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 1).map(({ peer, from }): Fault => ({
    type: 'rot',
    atMs: from,
    peer,
    chunks: 1 + rng.below(20),
  }));
}

function slowLines(rng: Rng, options: DrawnFaultsOptions): Fault[] {
  return befall(rng, options, 0).flatMap(({ peer, from, to }): Fault[] => [
    { type: 'setRates', atMs: from, peer, rates: rates(1 + rng.below(20)) },
    { type: 'setRates', atMs: to, peer, rates: rates(100 + rng.below(400)) },
  ]);
}

const rates = (kilobytes: number): Rates => ({
  upBytesPerSecond: kilobytes * 1_000,
  downBytesPerSecond: kilobytes * 10_000,
});

/** A spell for each of some peers, of number `first` and up. */
function befall(rng: Rng, options: DrawnFaultsOptions, first: number): (Spell & { readonly peer: number })[] {
  return victims(rng, options, first).map((peer) => Object.assign(spell(rng, options), { peer }));
}

function victims(rng: Rng, { receivers }: DrawnFaultsOptions, first: number): number[] {
  const all = Array.from({ length: receivers + 1 - first }, (_, i) => first + i);
  return rng.shuffle(all).slice(0, 1 + rng.below(Math.ceil(all.length / 2)));
}

function spell(rng: Rng, { healedAtMs }: DrawnFaultsOptions): Spell {
  const from = rng.float() * 0.8 * healedAtMs;
  return { from, to: from + rng.float() * (healedAtMs - from) };
}
