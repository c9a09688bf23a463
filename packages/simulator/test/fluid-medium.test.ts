import { type Instant, instant, seededRng } from '@shoal/machine';
import type { Parcel } from '@shoal/machine/testing';
import { describe, expect, test } from 'vitest';
import { FluidMedium, type Rates } from '../src/index.ts';

interface Arrival {
  readonly name: string;
  readonly at: number;
}

/** Nodes of 1,000 bytes a millisecond up unless told, unlimited down; 5 ms from one to the other. */
function setup(rates: readonly Partial<Rates>[], quantumBytes = 1_000) {
  const medium = new FluidMedium({ delayMs: 5, quantumBytes });
  for (const some of rates) medium.addNode({ upBytesPerSecond: 1_000_000, downBytesPerSecond: Infinity, ...some });
  const arrivals: Arrival[] = [];
  const progress: Arrival[] = [];
  const send = (name: string, from: number, to: number, bytes: number, now = 0): Parcel => {
    const arrive = (at: Instant): void => void arrivals.push({ name, at });
    const parcel: Parcel = {
      from,
      to,
      bytes,
      kind: 'body',
      arrive,
      progress: (_bytes, at) => void progress.push({ name, at }),
    };
    medium.send(parcel, instant(now));
    return parcel;
  };
  const run = (untilMs = Number.MAX_VALUE): void => {
    medium.agenda.happenUntil(instant(untilMs));
  };
  return { medium, arrivals, progress, send, run };
}

describe('fluid medium', () => {
  test('a body takes its size over the uplink, then the delay', () => {
    const { arrivals, progress, send, run } = setup([{}, {}]);
    send('a', 0, 1, 10_000);
    run();
    expect(arrivals).toEqual([{ name: 'a', at: 15 }]);
    expect(progress.map(({ at }) => at)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14]);
  });

  test('an uplink is shared by those it serves, not by how much each waits for', () => {
    const { arrivals, send, run } = setup([{}, {}, {}]);
    for (const name of ['a', 'b', 'c']) send(name, 0, 1, 10_000);
    send('d', 0, 2, 10_000);
    run();
    expect(arrivals.map(({ name }) => name)).toEqual(['a', 'd', 'b', 'c']);
    expect(arrivals.map(({ at }) => at)).toEqual([24, 25, 35, 45]);
  });

  test('bodies of one pair arrive in order', () => {
    const { arrivals, send, run } = setup([{}, { downBytesPerSecond: 300_000 }]);
    const rng = seededRng('order');
    for (let i = 0; i < 100; i += 1) send(`${i}`, 0, 1, 1 + rng.below(5_000), 0);
    run();
    expect(arrivals.map(({ name }) => name)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  });

  test('a downlink is the limit when several uplinks fill it', () => {
    const { arrivals, send, run } = setup([{}, {}, { downBytesPerSecond: 1_000_000 }]);
    send('a', 0, 2, 100_000);
    send('b', 1, 2, 100_000);
    run();
    expect(Math.max(...arrivals.map(({ at }) => at))).toBeCloseTo(205, 0);
  });

  test('what is called back does not arrive, and frees the uplink for others', () => {
    const { medium, arrivals, send, run } = setup([{}, {}]);
    const first = send('a', 0, 1, 100_000);
    const second = send('b', 0, 1, 100_000);
    send('c', 0, 1, 10_000);
    run(20);
    medium.cancel(first);
    medium.cancel(second);
    run();
    expect(arrivals.map(({ name }) => name)).toEqual(['c']);
    expect(arrivals[0]!.at).toBeLessThan(40);
  });

  test('an idle uplink starts at once, and a changed rate counts from the next quantum', () => {
    const { medium, arrivals, send, run } = setup([{}, {}]);
    send('a', 0, 1, 2_000, 100);
    medium.setRates(0, { upBytesPerSecond: 100_000, downBytesPerSecond: Infinity });
    run();
    expect(arrivals).toEqual([{ name: 'a', at: 116 }]);
  });

  test('messages only take the delay', () => {
    const { medium, run } = setup([{}, {}]);
    const at: Instant[] = [];
    medium.send(
      { from: 0, to: 1, bytes: 50_000, kind: 'message', arrive: (when) => at.push(when), progress: () => undefined },
      instant(3),
    );
    run();
    expect(at).toEqual([8]);
    expect(medium.messageBytes).toBe(50_000);
  });
});
