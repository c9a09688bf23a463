// What a person sees of a transfer at 60 and at 120 columns.

import { peerId } from '@shoal/machine';
import type { TransferReport } from '@shoal/peer/node';
import type { SwarmId } from '@shoal/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Limiting } from '../src/limiting.ts';
import { formatProgress, type Moment } from '../src/text/progress.ts';
import { formatSummary } from '../src/text/summary.ts';
import { clip, widthOf } from '../src/text/width.ts';

const moment: Moment = {
  name: 'photos',
  heldBytes: 1.51e9,
  totalBytes: 3.6e9,
  bytesPerSecond: 12.3e6,
  peers: 5,
  limit: 'path',
};

// Controls, marks and letters of one and of two columns.
const names = fc
  .array(fc.integer({ max: 0xd7ff, min: 0 }), { maxLength: 30 })
  .map((codes) => String.fromCodePoint(...codes));

describe('a progress line', () => {
  test('says all it knows on 120 columns, and what matters on 60', () => {
    expect(formatProgress(moment, 120)).toBe(
      'photos  [########------------]   41 %  1.51 GB of 3.60 GB  12.3 MB/s  2 min 50 s left  5 peers  limit: the way here',
    );
    expect(formatProgress({ ...moment, name: 'photos of the summer of 2026' }, 120)).toContain(
      'photos of the summer of…',
    );
    expect(formatProgress(moment, 60)).toBe(' 41 %  12.3 MB/s  2 min 50 s left  5 peers  the way here');
  });

  test('fits any terminal, whatever the name', () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 8, max: 200 }), (name, columns) => {
        const line = formatProgress({ ...moment, name }, columns);
        expect(line).toContain('41 %');
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(widthOf(line)).toBeLessThan(columns);
      }),
      { numRuns: 50 },
    );
  });

  test('of nothing says that all of it is there; of something that stands still, no time', () => {
    expect(formatProgress({ ...moment, heldBytes: 0, totalBytes: 0 }, 120)).toContain('100 %');
    expect(formatProgress({ ...moment, bytesPerSecond: 0 }, 120)).toContain('? left');
  });
});

describe('widths', () => {
  test('are those of a terminal', () => {
    expect(['abc', 'Grüße', '数据', '🐟', 'e\u0301'].map(widthOf)).toEqual([3, 5, 4, 2, 1]);
    expect([clip('数据数据', 6), clip('abcdef', 4), clip('abcd', 4)]).toEqual(['数据…', 'abc…', 'abcd']);
  });
});

describe('what limits a transfer', () => {
  test('is what its time went to of late, not from the beginning', () => {
    const limiting = new Limiting();
    expect(limiting.look({ elapsedMs: 0, holdups: {} })).toBeUndefined();
    expect(limiting.look({ elapsedMs: 9_000, holdups: { noPeers: 9_000 } })).toBe('noPeers');
    expect(limiting.look({ elapsedMs: 10_000, holdups: { noPeers: 9_000, path: 1_000 } })).toBe('noPeers');
    expect(limiting.look({ elapsedMs: 12_000, holdups: { noPeers: 9_000, path: 2_900, disk: 100 } })).toBe('path');
  });
});

const remote = (host: string, receivedBytes: number): TransferReport['remotes'][number] => ({
  peer: peerId('ab'.repeat(32))!,
  address: { host, port: 7000 },
  receivedBytes,
  receivedChunks: 1,
  sentBytes: 0,
  sentChunks: 0,
  damagedChunks: 0,
});

describe('the closing summary', () => {
  const report: TransferReport = {
    swarm: 'cd'.repeat(32) as SwarmId,
    name: 'photos',
    destination: '/home/ann/photos',
    totalBytes: 3.6e9,
    chunkCount: 100,
    wantedBytes: 3.6e9,
    missingBytes: 0,
    heldBytes: 3.6e9,
    heldChunks: 100,
    resumedBytes: 0.6e9,
    receivedBytes: 3e9,
    sentBytes: 0,
    wastedBytes: 0,
    duplicateChunks: 0,
    damagedChunks: 0,
    receivedBytesPerSecond: 0,
    sentBytesPerSecond: 0,
    elapsedMs: 12_000,
    holdups: { path: 9_000, disk: 2_000, noSource: 1_000 },
    remoteCount: 2,
    remotes: [remote('192.168.1.6', 1.2e9), remote('192.168.1.5', 1.8e9), remote('192.168.1.7', 0)],
  };

  test('says how much, how fast, from whom, how near to the bound, and what the time went to', () => {
    expect(formatSummary({ report, bestBytesPerSecond: 300e6 }, 120).split('\n')).toEqual([
      '3.00 GB in 12.0 s (250 MB/s), verified',
      'from 192.168.1.5:7000       1.80 GB  60.0 %',
      '     192.168.1.6:7000       1.20 GB  40.0 %',
      '1.20 times the bound (10.0 s at the best rate seen)',
      'the time went to: the way here 75 %, this disk 17 %, waiting for somebody who has the rest 8 %',
    ]);
  });

  test('fits 60 columns', () => {
    const lines = formatSummary({ report, bestBytesPerSecond: 0 }, 60).split('\n');
    expect(lines.map(widthOf).filter((width) => width > 60)).toEqual([]);
    expect(lines.slice(-2)).toEqual([
      'the time went to: the way here 75 %, this disk 17 %,',
      '  waiting for somebody who has the rest 8 %',
    ]);
  });

  test('of a large swarm names those who gave most', () => {
    const remotes = Array.from({ length: 40 }, (_, index) => remote(`10.0.0.${index}`, 1e6 * (index + 1)));
    const text = formatSummary({ report: { ...report, remotes }, bestBytesPerSecond: 0 }, 80);
    expect(text).toContain('10.0.0.39:7000');
    expect(text).toContain('and 32 more');
  });
});
