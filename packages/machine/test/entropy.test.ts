import { expect, test } from 'vitest';
import { toHex } from '../src/index.ts';
import { randomBytes } from '../src/node/index.ts';

test('random bytes come in any number, and never twice', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2_000; i += 1) {
    const bytes = randomBytes(8 + (i % 40));
    expect(bytes.length).toBe(8 + (i % 40));
    expect(bytes.buffer.byteLength).toBe(bytes.length); // in memory of their own
    seen.add(toHex(bytes.subarray(0, 8)));
  }
  expect(seen.size).toBe(2_000);
  expect([randomBytes(0).length, randomBytes(4_096).length, randomBytes(10_000).length]).toEqual([0, 4_096, 10_000]);
});
