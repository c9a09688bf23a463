import { describe, expect, test } from 'vitest';
import { PeakRate } from '../src/peak-rate.ts';
import { allRight, type DemoResult, formatReport } from '../src/demo/report.ts';

const receiver = (name: string, from: Record<string, number>, sha256 = 'aa') => ({
  name,
  from: new Map(Object.entries(from)),
  elapsedMs: 2000,
  memoryBytes: 90e6,
  sha256,
});

const result = (second: string): DemoResult => ({
  content: { name: 'film', bytes: 1000, files: 1, sha256: 'aa' },
  receivers: [
    receiver('receiver 1', { owner: 600, 'receiver 2': 400 }),
    receiver('receiver 2', { owner: 400, 'receiver 1': 600 }, second),
  ],
  ownerMemoryBytes: 80e6,
  trackerMemoryBytes: 60e6,
  elapsedMs: 2000,
  bound: { ms: 1600, ownerUp: 625, slowestDown: 700 },
  incidents: [],
});

describe('demo report', () => {
  test('shows who got what from whom, the share of fellow receivers and the bound', () => {
    const report = formatReport(result('aa'));
    expect(report).toContain('receiver 1     600 B      ·  400 B  2.0 s');
    expect(report).toContain('50.0 % from fellow receivers, 50.0 % from the owner, who sent 1.00 copies');
    expect(report).toContain('all 2 identical, sha256 aa');
    expect(report).toContain('1.25 times that');
    expect(allRight(result('aa'))).toBe(true);
  });

  test('names a wrong copy', () => {
    expect(formatReport(result('bb'))).toContain('WRONG COPY  receiver 2 sha256 bb');
    expect(allRight(result('bb'))).toBe(false);
  });
});

describe('peak rate', () => {
  test('is the steepest stretch of a window, not a burst within one', () => {
    const peak = new PeakRate(500);
    for (const [atMs, bytes] of [
      [0, 0],
      [100, 400],
      [500, 500],
      [1000, 1500],
      [2000, 1600],
    ] as const)
      peak.add(atMs, bytes);
    expect(peak.bytesPerSecond).toBe(2000);
  });
});
