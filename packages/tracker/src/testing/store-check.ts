// What the checks of a store have in common.

import { type Address, instant, type Instant, invariant, type PeerId, peerId } from '@shoal/machine';
import type { StoreTerms, TrackerStore } from '../store.ts';

/** Opens an empty store. Time is the `now` that calls bring. */
export type OpenStore = (terms: StoreTerms) => TrackerStore | Promise<TrackerStore>;

export interface StoreCheck {
  readonly name: string;
  readonly check: (open: OpenStore) => Promise<void>;
}

export const ttlMs = 60_000;
export const start: Instant = instant(1_000);
export const peer = (number: number): PeerId => peerId(number.toString(16).padStart(64, '0'))!;
export const address = (number: number): Address => ({ host: `192.0.2.${number % 256}`, port: 1_000 + number });

/** Fails unless both are the same as JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  invariant(found === wanted, `${what}: ${found} instead of ${wanted}`);
}
