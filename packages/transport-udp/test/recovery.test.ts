import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant, NEVER } from '@shoal/machine';
import { Cubic } from '../src/congestion/cubic.ts';
import { initialWindowBytes } from '../src/congestion/controller.ts';
import { Pacer } from '../src/congestion/pacer.ts';
import type { Frame } from '../src/packet/frames.ts';
import { AckTracker } from '../src/recovery/ack-tracker.ts';
import { type PacketFate, Recovery } from '../src/recovery/recovery.ts';
import { ackDelayMsMax, RttEstimator } from '../src/recovery/rtt.ts';
import { packetStates, SentPackets } from '../src/recovery/sent-packets.ts';

const mss = 1_200;

describe('round-trip times (RFC 9002 section 5)', () => {
  test('the first sample sets, later ones smooth', () => {
    const rtt = new RttEstimator(333);
    rtt.update(100, 0);
    expect([rtt.srttMs, rtt.rttvarMs, rtt.minRttMs]).toEqual([100, 50, 100]);
    rtt.update(140, 0);
    expect([rtt.srttMs, rtt.rttvarMs]).toEqual([105, 47.5]);
    expect(rtt.ptoMs).toBe(105 + 4 * 47.5 + ackDelayMsMax);
    expect(rtt.timeThresholdMs).toBe((9 / 8) * 140);
  });

  test('what the remote waited is taken off, but never below the least seen', () => {
    const rtt = new RttEstimator(333);
    rtt.update(100, 0);
    rtt.update(120, 20);
    expect(rtt.srttMs).toBe(100);
    rtt.update(110, 20);
    expect(rtt.srttMs).toBeCloseTo(101.25);
    rtt.update(200, 90); // no more than a receiver may wait
    expect(rtt.srttMs).toBeCloseTo(101.25 * 0.875 + (200 - ackDelayMsMax) * 0.125);
  });
});

/** Recovery with packets of one stream, and what became of them. */
function recovery() {
  const lost: number[] = [];
  const acked: number[] = [];
  const frames: Frame[] = [];
  const fate: PacketFate = {
    pieceAcked: (_stream, offset) => acked.push(offset),
    pieceLost: (_stream, offset) => lost.push(offset),
    framesLost: (list) => frames.push(...list),
    framesAcked: () => {},
  };
  const it = new Recovery({
    controller: new Cubic(mss),
    datagramBytes: mss,
    burstBytesMax: 1e9,
    initialRttMs: 100,
  });
  const send = (count: number, at: number): void => {
    for (let i = 0; i < count; i += 1) {
      const packetNumber = it.sent.addPiece(instant(at), mss, 0, it.sent.next, 1_000);
      it.packetSent(mss, instant(at));
      expect(packetNumber).toBe(it.sent.next - 1);
    }
  };
  const ack = (at: number, ...ranges: number[]): void =>
    it.ackReceived({ type: 'ack', delayUs: 0, ranges }, instant(at), fate);
  return { it, send, ack, lost, acked, frames, fate };
}

describe('loss detection (RFC 9002 section 6)', () => {
  test('three packets behind an acknowledged one is lost, two are not yet', () => {
    const { send, ack, lost, acked } = recovery();
    send(5, 0);
    ack(50, 3, 4);
    expect([acked, lost]).toEqual([[3], [0]]);
  });

  test('a packet long behind an acknowledged one is lost by time', () => {
    const { it, send, ack, lost, fate } = recovery();
    send(1, 8);
    send(1, 10);
    ack(50, 1, 2);
    expect(lost).toEqual([]);
    expect(it.nextTimeout()).toBe(8 + (9 / 8) * 40);
    it.handleTimeout(instant(52), fate);
    expect(lost).toEqual([]);
    it.handleTimeout(instant(53), fate);
    expect(lost).toEqual([0]);
    expect(it.nextTimeout()).toBe(NEVER);
  });

  test('packets that were only late make it more patient, and give the window back', () => {
    const { it, send, ack, lost, acked } = recovery();
    send(40, 0);
    const before = it.controller.windowBytes;
    ack(50, 20, 21);
    expect(lost.length).toBe(18);
    expect(it.controller.windowBytes).toBeLessThan(before);
    ack(55, 0, 21);
    expect(acked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect([it.packetsSpurious, it.controller.windowBytes >= before]).toEqual([18, true]);
    send(40, 60);
    ack(100, 59, 60, 0, 40); // 19 packets behind: not lost any more
    expect(lost.length).toBe(18);
    ack(101, 75, 76, 59, 60, 0, 40);
    expect(lost.length).toBeGreaterThan(18);
  });

  test('one packet truly lost among late ones leaves the window cut', () => {
    const { it, send, ack } = recovery();
    send(40, 0);
    const before = it.controller.windowBytes;
    ack(50, 20, 21);
    ack(55, 1, 21);
    expect(it.packetsSpurious).toBe(17);
    expect(it.controller.windowBytes).toBeLessThan(before);
  });

  test('without acknowledgements it probes, waiting twice as long each time', () => {
    const { it, send, lost, fate } = recovery();
    send(3, 0);
    const pto = 100 + 200 + ackDelayMsMax;
    expect(it.nextTimeout()).toBe(pto);
    it.handleTimeout(instant(pto), fate);
    expect([it.probes, lost]).toEqual([2, [0, 1]]); // sent again, and still in flight
    expect(it.sent.bytesInFlight).toBe(3 * mss);
    it.handleTimeout(it.nextTimeout(), fate);
    expect(it.nextTimeout()).toBe(pto + 2 * pto);
    it.handleTimeout(instant(3 * pto), fate);
    it.handleTimeout(it.nextTimeout(), fate);
    expect(it.nextTimeout()).toBe(3 * pto + 4 * pto);
  });

  test('and asks once more half-way, with one small packet that puts off nothing', () => {
    const { it, send, lost, fate } = recovery();
    send(3, 0);
    const pto = it.nextTimeout();
    it.handleTimeout(pto, fate);
    it.packetSent(mss, pto);
    it.packetSent(mss, pto);
    const halfWay = instant(2 * pto);
    expect([it.probes, it.nextTimeout()]).toEqual([0, halfWay]);
    it.handleTimeout(halfWay, fate);
    expect([it.probes, it.sealedProbe, lost]).toEqual([1, true, [0, 1]]);
    it.packetSent(50, halfWay);
    expect([it.probes, it.sealedProbe, it.nextTimeout()]).toEqual([0, false, 3 * pto]);
  });

  test('an acknowledgement ends the backoff', () => {
    const { it, send, ack, fate } = recovery();
    send(2, 0);
    it.handleTimeout(it.nextTimeout(), fate);
    it.handleTimeout(it.nextTimeout(), fate);
    ack(2_000, 0, 1);
    expect([it.probes, it.nextTimeout() < 20_000]).toEqual([0, true]);
  });

  test('packets never sent, and ranges without end, acknowledge nothing', () => {
    const { it, send, ack, acked } = recovery();
    send(2, 0);
    ack(50, 2, 2 ** 50);
    expect([acked, it.sent.bytesInFlight]).toEqual([[], 2 * mss]);
    ack(50, 0, 2 ** 50);
    expect([acked, it.sent.bytesInFlight]).toEqual([[0, 1], 0]);
  });

  test('everything lost for long is persistent congestion: the window falls to its least', () => {
    const { it, send, ack } = recovery();
    send(1, 0);
    ack(100, 0, 1);
    for (let i = 0; i < 60; i += 1) send(1, 200 + 100 * i);
    ack(6_300, 60, 61);
    expect(it.controller.windowBytes).toBe(2 * mss);
  });
});

describe('packets in flight', () => {
  test('are counted right whatever is settled in whatever order, beyond the first ring', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { maxLength: 200 }), fc.integer({ min: 1, max: 5_000 }), (order, count) => {
        const sent = new SentPackets();
        for (let i = 0; i < count; i += 1) sent.addPiece(instant(i), 10 + (i % 7), i % 3, i, 5);
        const open = new Set(Array.from({ length: count }, (_, i) => i));
        for (const n of order.filter((one) => one < count)) {
          sent.settle(n, packetStates.acknowledged);
          open.delete(n);
        }
        expect(sent.inFlightCount).toBe(open.size);
        expect(sent.bytesInFlight).toBe([...open].reduce((sum, n) => sum + 10 + (n % 7), 0));
        expect(sent.lowest).toBe(Math.min(count, ...open));
        for (const n of open) expect([sent.stream(n), sent.offset(n), sent.sentAt(n)]).toEqual([n % 3, n, n]);
      }),
      { numRuns: 30 },
    );
  });
});

test('a remote that acknowledges nothing has us keep track of so many packets, and the oldest sent again', () => {
  const { it, lost, fate } = recovery();
  for (let i = 0; i < 300_000; i += 1) {
    if (i % 1_000 === 0) it.sent.addPiece(instant(i), mss, 0, i, 1_000);
    else it.sent.skip();
    it.forgetOldest(fate);
  }
  expect(it.sent.next - it.sent.lowest).toBeLessThanOrEqual(131_072);
  expect(lost).toEqual(Array.from({ length: 300 - it.sent.inFlightCount }, (_, i) => 1_000 * i));
});

describe('acknowledgements', () => {
  test('wait for a second packet or 25 ms, but not when something is missing', () => {
    const acks = new AckTracker();
    acks.note(0, true, instant(0));
    expect(acks.dueAt).toBe(ackDelayMsMax);
    acks.note(1, true, instant(5));
    expect(acks.dueAt).toBe(5);
    expect(acks.take(instant(7))).toEqual({ type: 'ack', delayUs: 2_000, ranges: [0, 2] });
    expect([acks.dueAt, acks.pending]).toEqual([NEVER, false]);
    acks.note(3, true, instant(9));
    expect(acks.dueAt).toBe(9);
    expect(acks.take(instant(9)).ranges).toEqual([3, 4, 0, 2]);
  });

  test('are not owed for acknowledgements', () => {
    const acks = new AckTracker();
    for (let n = 0; n < 10; n += 1) acks.note(n, false, instant(0));
    expect([acks.dueAt, acks.pending]).toEqual([NEVER, false]);
  });

  test('are bounded in memory; what is forgotten counts as seen', () => {
    const acks = new AckTracker();
    for (let n = 0; n < 1_000; n += 2) acks.note(n, true, instant(0));
    const { ranges } = acks.take(instant(0));
    expect(ranges.length).toBeLessThanOrEqual(64);
    expect(ranges.slice(0, 2)).toEqual([998, 999]);
    expect([acks.isDuplicate(1), acks.isDuplicate(997), acks.isDuplicate(998)]).toEqual([true, false, true]);
  });
});

const sample = (now: number, ackedBytes: number, newestSentAt = now - 50, windowLimited = true) => ({
  now: instant(now),
  ackedBytes,
  newestSentAt: instant(newestSentAt),
  largestAcked: now,
  nextPacketNumber: now + 10,
  latestRttMs: 50,
  srttMs: 50,
  minRttMs: 50,
  windowLimited,
});
const loss = (now: number, newestSentAt: number) => ({
  now: instant(now),
  lostBytes: mss,
  newestSentAt: instant(newestSentAt),
  persistent: false,
});

describe('CUBIC (RFC 9438)', () => {
  test('doubles in slow start, cuts to 0.7 once a round trip, and comes back along the cubic', () => {
    const cubic = new Cubic(mss);
    expect(cubic.windowBytes).toBe(initialWindowBytes(mss));
    let now = 50;
    for (; cubic.windowBytes < 400_000; now += 50) cubic.onAck(sample(now, cubic.windowBytes));
    const before = cubic.windowBytes;
    cubic.onLoss(loss(now, now - 10));
    expect(cubic.windowBytes).toBeCloseTo(0.7 * before);
    cubic.onLoss(loss(now + 20, now - 5)); // of the same round trip
    expect(cubic.windowBytes).toBeCloseTo(0.7 * before);
    expect(cubic.slowStart).toBe(false);
    const curve: number[] = [];
    for (let round = 1; round <= 200; round += 1) {
      cubic.onAck(sample(now + 50 * round, cubic.windowBytes, now + 50 * round - 49));
      if (round % 20 === 0) curve.push(Math.round(cubic.windowBytes / mss));
    }
    // K = cbrt(W·0.3/C) = 6.4 s = 128 rounds: fast, then flat around the old maximum, then fast again.
    expect(Math.round(before / mss)).toMatchInlineSnapshot(`640`);
    expect(curve).toMatchInlineSnapshot(`
      [
        513,
        561,
        595,
        618,
        631,
        638,
        640,
        640,
        641,
        644,
      ]
    `);
  });

  test('does not grow while something else holds the sender back, nor for packets sent before a cut', () => {
    const cubic = new Cubic(mss);
    const start = cubic.windowBytes;
    cubic.onAck(sample(100, 5_000, 50, false));
    expect(cubic.windowBytes).toBe(start);
    cubic.onLoss(loss(200, 190));
    const cut = cubic.windowBytes;
    cubic.onAck(sample(250, 5_000, 199));
    expect(cubic.windowBytes).toBe(cut);
  });

  test('leaves slow start when round trips grow (RFC 9406)', () => {
    const cubic = new Cubic(mss);
    let packet = 0;
    for (let round = 0; round < 12 && cubic.slowStart; round += 1)
      for (let i = 0; i < 10; i += 1) {
        packet += 10;
        const rttMs = round < 3 ? 50 : 50 + 10 * (round - 2);
        const at = 1_000 * round + i;
        cubic.onAck({ ...sample(at, mss), latestRttMs: rttMs, largestAcked: packet, nextPacketNumber: packet + 90 });
      }
    expect(cubic.slowStart).toBe(false);
  });
});

describe('pacing', () => {
  test('spreads a window over its round trip, in bursts', () => {
    const pacer = new Pacer(mss, 1e9);
    pacer.update(120_000, 100, false); // 1.25 × 1,200 bytes per ms
    let sent = 0;
    let now = instant(0);
    for (let i = 0; i < 10_000 && now < 1_000; i += 1) {
      while (pacer.available(now) >= mss) {
        pacer.spend(mss);
        sent += mss;
      }
      now = pacer.nextAt(now);
    }
    expect(sent).toBeGreaterThan(1_450_000);
    expect(sent).toBeLessThan(1_550_000);
  });

  test('gives what a late turn would have let go, but an idle time only a burst', () => {
    const pacer = new Pacer(mss, 1e9);
    pacer.setRate(10_000);
    pacer.waitedFor = true;
    pacer.spend(pacer.available(instant(0)));
    expect(pacer.available(instant(15))).toBe(150_000);
    pacer.waitedFor = false;
    expect(pacer.available(instant(15))).toBe(20_000);
  });

  test('never bursts more than the remote’s socket can hold', () => {
    const pacer = new Pacer(mss, 50_000);
    pacer.update(100_000_000, 1, true);
    pacer.available(instant(0));
    expect(pacer.available(instant(1_000))).toBe(50_000);
  });
});
