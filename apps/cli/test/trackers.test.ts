import { expect, test } from 'vitest';
import type { Output } from '../src/output.ts';
import { readTrackers, Trackers } from '../src/trackers.ts';

test('without a tracker it is said that the local network is all, and no tracker is waited for', async () => {
  const said: string[] = [];
  const output = { say: (text: string) => said.push(text) } as unknown as Output;
  const addresses = readTrackers({ tracker: [], discovery: true }, output);
  expect(addresses).toEqual([]);
  expect(said).toEqual(['without --tracker it is found on the local network only']);
  await new Trackers(addresses, output).firstUp(60_000, new AbortController().signal);
  expect(() => readTrackers({ tracker: [], discovery: false }, output)).toThrow('no other way to be found');
  expect(readTrackers({ tracker: ['a:1', '[::1]:2'], discovery: false }, output)).toHaveLength(2);
});
