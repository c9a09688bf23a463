// What shoal doctor concludes from what trackers see, and what it says on this machine.

import type { Address } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { explainClock } from '../src/doctor/clock.ts';
import { diskFinding } from '../src/doctor/disk.ts';
import { formatFindings } from '../src/doctor/finding.ts';
import { natFinding } from '../src/doctor/nat.ts';
import { playTracker, shoal } from './programs.ts';

const address = (text: string): Address => {
  const [host, port] = text.split(':');
  return { host: host!, port: Number(port) };
};

/** Of what kind it is when these trackers see these addresses. */
const kindOf = (...sightings: readonly (readonly [tracker: string, observed: string])[]): unknown => {
  const seen = sightings.map(([tracker, observed]) => ({ tracker: address(tracker), observed: address(observed) }));
  return natFinding(seen, 4_000, ['127.0.0.1', '10.0.0.2']).values?.['kind'];
};

describe('the kind of NAT', () => {
  const one = ['198.51.100.1:7070', '203.0.113.9:50000'] as const;

  test('is none when trackers see an address of ours', () => {
    expect(kindOf(['198.51.100.1:7070', '10.0.0.2:4000'])).toBe('none');
    expect(kindOf(['198.51.100.1:7070', '10.0.0.2:4001'])).toBe('unknown');
  });

  test('is told by two trackers at different hosts', () => {
    expect(kindOf(one, ['198.51.100.2:7070', '203.0.113.9:50000'])).toBe('endpointIndependent');
    expect(kindOf(one, ['198.51.100.2:7070', '203.0.113.9:50001'])).toBe('addressDependent');
    expect(kindOf(one, ['198.51.100.2:7070', '203.0.113.10:50000'])).toBe('addressDependent');
  });

  test('is not known from one tracker, nor from two at one host that see the same', () => {
    expect(kindOf(one)).toBe('unknown');
    expect(kindOf(one, ['198.51.100.1:7071', '203.0.113.9:50000'])).toBe('portIndependent');
    expect(natFinding([], 4_000, [])).toMatchObject({
      standing: 'unknown',
      advice: expect.stringContaining('--tracker'),
    });
  });
});

test('findings stand in columns, with what to do below', () => {
  const findings = [
    { what: 'NAT', standing: 'unknown', words: 'not known', advice: 'name a tracker' },
    { what: 'buffers', standing: 'ok', words: '4 MB' },
  ] as const;
  expect(formatFindings(findings).split('\n')).toEqual([
    'unknown  NAT      not known',
    '                  -> name a tracker',
    'ok       buffers  4 MB',
  ]);
});

test('a clock is as the system says, and unknown where it says nothing', () => {
  const now = new Date('2026-01-02T03:04:05Z');
  const standings = ['yes\n', 'no\n', '', undefined].map((said) => explainClock(now, said).standing);
  expect(standings).toEqual(['ok', 'slow', 'unknown', 'unknown']);
  expect(explainClock(now, 'no').advice).toContain('timedatectl');
  expect(explainClock(now, 'yes').words).toContain('2026-01-02 03:04 UTC');
});

test('a folder that is not there yet has the room of the one above it', () => {
  const { freeBytes } = diskFinding('here', process.cwd()).values as { freeBytes: number };
  expect(freeBytes).toBeGreaterThan(0);
  expect(diskFinding('there', `${process.cwd()}/none/such`).standing).toBe(diskFinding('here', process.cwd()).standing);
});

interface Told {
  readonly event: string;
  readonly what?: string;
  readonly values?: Record<string, unknown>;
}

const eventsOf = (stdout: string): Told[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);

describe('on this machine', () => {
  test('trackers say where they see us, and a port that is taken is told', async () => {
    const [one, two] = [await playTracker(), await playTracker()];
    const trackers = [one, two].flatMap((tracker) => ['--tracker', tracker.address]);
    const { status, stdout } = await shoal(['doctor', '--json', ...trackers, '--listen', one.address]);
    expect(status).toBe(0);
    const told = eventsOf(stdout);
    const find = (what: string): Told | undefined => told.find((event) => event.what === what);
    expect(find(`tracker ${two.address}`)).toMatchObject({ standing: 'ok', values: { observed: expect.any(String) } });
    expect(find('NAT')?.values).toMatchObject({ kind: 'none' });
    const taken = { standing: 'slow', values: { code: 'addressInUse' } };
    expect(find(`UDP port ${one.address.split(':')[1]}`)).toMatchObject(taken);
    expect(find('IPv4')?.values).toMatchObject({ loopback: true });
    expect(find('offload')?.values).toMatchObject({ gso: expect.any(Boolean), gro: expect.any(Boolean) });
    expect(find('buffers')?.values).toMatchObject({ receiveBufferBytes: expect.any(Number) });
    expect(told.at(-1)).toMatchObject({ event: 'done', ok: expect.any(Number) });
  });

  test('a tracker that does not answer ends with 6, after all else was told', async () => {
    const { status, stdout, stderr } = await shoal(['doctor', '--tracker', '127.0.0.1:9', '--timeout', '1']);
    expect(status).toBe(6);
    expect(stdout).toMatch(/bad +tracker 127\.0\.0\.1:9 +no answer/);
    expect(stdout).toMatch(/unknown +NAT/);
    expect(stderr).toContain('none of the trackers');
  });
});
