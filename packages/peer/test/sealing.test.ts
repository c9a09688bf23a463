import { expect, test } from 'vitest';
import { seal, unseal } from '../src/introduction/sealing.ts';

const key = new Uint8Array(64).fill(1);
const session = new Uint8Array(16).fill(2);

test('what was sealed is opened with the same key, in the same session, and as it was', () => {
  const sealed = seal('shoal:grüße', key, session);
  expect(unseal(sealed, key, session)).toBe('shoal:grüße');
  expect(unseal(sealed, new Uint8Array(64).fill(3), session)).toBeUndefined();
  expect(unseal(sealed, key, new Uint8Array(16))).toBeUndefined();
  expect(unseal(sealed.subarray(1), key, session)).toBeUndefined();
  expect(unseal(new Uint8Array(), key, session)).toBeUndefined();
  expect(
    unseal(
      sealed.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      key,
      session,
    ),
  ).toBeUndefined();
});
