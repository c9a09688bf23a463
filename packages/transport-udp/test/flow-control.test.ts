import { instant } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { controllerFor } from '../src/index.ts';
import { ReceiveWindow, SendCredit } from '../src/streams/flow-control.ts';
import { Flows } from './flows.ts';

describe('a receive window', () => {
  test('is granted anew when half of it has been read (RFC 9000 section 4.2)', () => {
    const window = new ReceiveWindow(1_000, 1_000);
    expect([window.consume(499), window.consume(1)]).toEqual([false, true]);
    expect(window.grant(instant(1), 50)).toBe(1_500);
    expect(window.consume(499)).toBe(false);
  });

  test('doubles while half of it is read within two round trips, up to its most', () => {
    const window = new ReceiveWindow(1_000, 5_000);
    const grants = [];
    for (const [at, bytes] of [
      [0, 500],
      [90, 1_000],
      [180, 2_000],
      [270, 2_500],
    ] as const) {
      window.consume(bytes);
      grants.push(window.grant(instant(at), 50));
    }
    expect(grants).toEqual([500 + 2_000, 1_500 + 4_000, 3_500 + 5_000, 6_000 + 5_000]);
  });

  test('stays as it is for a reader that takes its time, and when a lost grant is told again', () => {
    const window = new ReceiveWindow(1_000, 64_000);
    window.consume(500);
    expect(window.grant(instant(0), 50)).toBe(2_500);
    expect(window.grant(instant(1), 50)).toBe(2_500);
    window.consume(1_000);
    expect(window.grant(instant(101), 50)).toBe(1_500 + 2_000);
  });

  test('doubles within eight round trips where the sender had used all of it: the repair of a loss takes its time', () => {
    const window = new ReceiveWindow(1_000, 64_000);
    window.receive(1_000);
    window.consume(1_000);
    expect(window.grant(instant(0), 50)).toBe(3_000);
    window.receive(2_000);
    window.consume(2_000);
    expect(window.grant(instant(399), 50)).toBe(7_000);
    window.receive(4_000);
    window.consume(4_000);
    expect(window.grant(instant(799), 50)).toBe(11_000);
  });

  test('refuses what goes beyond what was granted', () => {
    const window = new ReceiveWindow(1_000, 1_000);
    window.receive(600);
    expect([window.allows(400), window.allows(401)]).toEqual([true, false]);
  });
});

test('credit never shrinks: an older grant that arrives late says nothing (RFC 9000 section 4.1)', () => {
  const credit = new SendCredit(1_000, 2 ** 20);
  credit.use(800);
  expect([credit.raise(900), credit.raise(1_500), credit.available]).toEqual([false, true, 700]);
});

test('what is kept unacknowledged is bounded whatever the remote grants', () => {
  const credit = new SendCredit(2 ** 40, 200_000);
  credit.use(150_000);
  expect([credit.available, credit.takeReopened()]).toEqual([50_000, false]);
  credit.release(100_000);
  expect([credit.available, credit.takeReopened(), credit.takeReopened()]).toEqual([150_000, true, false]);
  expect(credit.used).toBe(150_000);
});

test('windows follow a long path to what it carries', () => {
  // 2.5 MB in a round trip, two and a half times the first window.
  const flows = new Flows({ delayMs: 200, rateBytesPerSecond: 6_250_000, queueBytes: 2_500_000 });
  const flow = flows.start(controllerFor('normal'));
  flows.run(5_000);
  expect(flows.measure([flow], 2_000)[0]).toBeGreaterThan(45);
});
