import { type Instant, instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { depthMin, Pipeline } from '../src/fetching/pipeline.ts';

/** Keeps a pipeline full against a remote that serves one chunk each `serviceMs`, `rttMs` away; its depth at the end. */
function depthAgainst({ rttMs, serviceMs, chunks }: { rttMs: number; serviceMs: number; chunks: number }): number {
  const pipeline = new Pipeline();
  const asked: Instant[] = [];
  let [now, freeAt] = [0, 0];
  const arrivals: number[] = [];
  for (let served = 0; served < chunks; served += 1) {
    while (pipeline.hasRoom(instant(now))) {
      pipeline.asked(instant(now));
      asked.push(instant(now));
      freeAt = Math.max(freeAt, now + rttMs / 2) + serviceMs;
      arrivals.push(freeAt + rttMs / 2);
    }
    now = Math.max(now, arrivals.shift()!);
    pipeline.answered(100_000, asked.shift()!, rttMs, instant(now));
  }
  return pipeline.depth(instant(now));
}

/** The patience with a remote that always takes `answerMs`. */
function patience(answerMs: number): number {
  const pipeline = new Pipeline();
  for (let i = 0; i < 50; i += 1) {
    pipeline.asked(instant(i * answerMs));
    pipeline.answered(100, instant(i * answerMs), 1, instant((i + 1) * answerMs));
  }
  return pipeline.patienceMs;
}

describe('the request pipeline', () => {
  test('begins with two', () => {
    expect(new Pipeline().depth(instant(0))).toBe(depthMin);
  });

  test('grows to the bandwidth-delay product of a long path, and with room to find more', () => {
    const depth = depthAgainst({ rttMs: 100, serviceMs: 2, chunks: 3_000 });
    expect(depth).toBeGreaterThanOrEqual(50);
    expect(depth).toBeLessThan(120);
  });

  test('stays short on a short path, where more would only wait in the remote’s queue', () => {
    expect(depthAgainst({ rttMs: 1, serviceMs: 10, chunks: 500 })).toBeLessThanOrEqual(6);
  });

  test('is one while the remote is snubbed, and as before when it answers again', () => {
    const pipeline = new Pipeline();
    pipeline.asked(instant(0));
    pipeline.snubbed = true;
    expect(pipeline.hasRoom(instant(1))).toBe(false);
    pipeline.answered(100, instant(0), 1, instant(20_000));
    expect(pipeline.snubbed).toBe(false);
    expect(pipeline.hasRoom(instant(20_000))).toBe(true);
  });

  test('is patient in proportion to what the remote usually takes', () => {
    expect(patience(5)).toBe(2_000);
    expect(patience(3_000)).toBeGreaterThan(6_000);
    expect(patience(60_000)).toBe(30_000);
  });
});
