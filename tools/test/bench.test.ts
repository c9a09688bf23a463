// The comparison measures without any of the packages it compares with, and says what it leaves out.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { median, spreads } from '../../bench/transport/figures.ts';

const program = [
  '--expose-gc',
  '-C',
  '@shoal/source',
  fileURLToPath(new URL('../../bench/transport.ts', import.meta.url)),
];

describe('figures', () => {
  test('the median lies in the middle of an odd and an even number of rounds', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([9, 1, 2, 4])).toBe(3);
  });

  test('each figure has its spread over the rounds', () => {
    const rounds = [{ ms: 3 }, { ms: 1 }, { ms: 2 }];
    expect(spreads(rounds)).toEqual({ ms: { median: 2, least: 1, most: 3 } });
  });
});

describe('the comparison of transports', () => {
  test('prints one line for each case', () => {
    const args = '--json --seconds 0.1 --rounds 1 --networks loopback --only ours,tcp --cases bulk,round-trip'.split(
      ' ',
    );
    const printed = execFileSync(process.execPath, [...program, ...args], { encoding: 'utf8' });
    const lines = printed
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { case: string; transport: string; figures: Record<string, { median: number }> },
      );
    expect(lines.map(({ case: name, transport }) => `${name} ${transport}`)).toEqual([
      'bulk ours',
      'bulk tcp',
      'round-trip ours',
      'round-trip tcp',
    ]);
    for (const { case: name, figures } of lines)
      expect(figures[name === 'bulk' ? 'megabytesPerSecond' : 'roundTripMs']!.median).toBeGreaterThan(0);
  });

  test('refuses names it does not know', () => {
    const args = [...program, '--only', 'carrier-pigeon'];
    expect(() => execFileSync(process.execPath, args, { stdio: 'pipe' })).toThrow('--only has no carrier-pigeon');
  });
});
