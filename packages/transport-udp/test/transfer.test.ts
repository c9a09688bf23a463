import { describe, expect, test } from 'vitest';
import { seededRng } from '@shoal/machine';
import { joined, Pair } from './pair.ts';

describe('a transfer', () => {
  test.each([1, 1_000, 65_520, 65_521, 1_000_000])('of %i bytes arrives whole and is acknowledged', (size) => {
    const pair = new Pair().connect();
    const bytes = seededRng('bytes').bytes(size);
    const stream = pair.connection.openStream()!;
    stream.write(bytes);
    stream.finish();
    expect(pair.lab.runUntil(() => stream.sendState === 'finished')).toBe(true);
    expect(pair.far(stream).ended).toBe(true);
    expect(joined(pair.far(stream).parts)).toEqual(bytes);
  });

  test.each([
    ['loss', { delayMs: 10, loss: 0.05 }],
    ['reordering', { delayMs: 10, jitterMs: 15 }],
    ['duplication', { delayMs: 10, duplicate: 0.3 }],
    ['all at once', { delayMs: 10, loss: 0.05, jitterMs: 10, duplicate: 0.1 }],
  ])('survives %s', (_name, profile) => {
    const pair = new Pair({ profile }).connect();
    const bytes = seededRng('bytes').bytes(1_000_000);
    const stream = pair.connection.openStream()!;
    stream.write(bytes);
    stream.finish();
    expect(pair.lab.runUntil(() => stream.sendState === 'finished', 300_000)).toBe(true);
    expect(joined(pair.far(stream).parts)).toEqual(bytes);
  });
});
