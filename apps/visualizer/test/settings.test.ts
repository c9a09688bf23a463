import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultSettings,
  limits,
  type NumberName,
  policies,
  type Settings,
  settingsFromQuery,
  settingsToQuery,
  topologies,
  within,
} from '../src/simulated/settings.ts';

const number = (name: NumberName): fc.Arbitrary<number> =>
  fc
    .double({ min: limits[name].least, max: limits[name].most, noNaN: true })
    .map((value) => within(name, String(value)));

const anySettings: fc.Arbitrary<Settings> = fc
  .record({
    peers: number('peers'),
    chunks: number('chunks'),
    ownerMbit: number('ownerMbit'),
    peerMbit: number('peerMbit'),
    spread: number('spread'),
    delayMs: number('delayMs'),
    lossPercent: number('lossPercent'),
    policy: fc.constantFrom(...policies),
    topology: fc.constantFrom(...topologies),
    ownerCopies: number('ownerCopies'),
    firstCopies: fc.boolean(),
    liars: number('liars'),
    selfish: fc.boolean(),
    seed: fc.string({ maxLength: 40 }),
  })
  .filter(({ liars, peers }) => liars <= peers - 2);

describe('settings as a link', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(settingsFromQuery(settingsToQuery(settings))).toEqual(settings);
      }),
    );
  });

  test('are empty where all is usual', () => {
    expect(settingsToQuery(defaultSettings)).toBe('');
    expect(settingsFromQuery('')).toEqual(defaultSettings);
  });

  test('stay within limits whatever stands there', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(defaultSettings)), fc.string()), (said) => {
        const settings = settingsFromQuery(new URLSearchParams(said).toString());
        for (const [name, { least, most }] of Object.entries(limits)) {
          expect(settings[name as NumberName]).toBeGreaterThanOrEqual(least);
          expect(settings[name as NumberName]).toBeLessThanOrEqual(most);
        }
        expect(policies).toContain(settings.policy);
        expect(settings.liars).toBeLessThanOrEqual(settings.peers - 2);
      }),
    );
  });

  test.each([
    ['peers=1e9', 'peers', 200],
    ['peers=-3', 'peers', 2],
    ['peers=12.4', 'peers', 12],
    ['peers=many', 'peers', defaultSettings.peers],
    ['lossPercent=0.12', 'lossPercent', 0.1],
    ['ownerCopies=Infinity', 'ownerCopies', 10],
  ] as const)('%s', (query, name, value) => {
    expect(settingsFromQuery(query)[name]).toBe(value);
  });
});
