import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import {
  confirmationOf,
  confirms,
  type CPaceHalf,
  type CPaceInputs,
  generatorOf,
  joined,
  secretOf,
  sessionKeyOf,
  shareOf,
} from '../src/introduction/cpace.ts';

const vectors = JSON.parse(readFileSync(new URL('vectors/cpace.json', import.meta.url), 'utf8'));
const bytes = (hex: string): Uint8Array => fromHex(hex)!;
const text = (letters: string): Uint8Array => new TextEncoder().encode(letters);

describe('the vectors of the draft', () => {
  const inputs: CPaceInputs = { password: bytes(vectors.PRS), channel: bytes(vectors.CI), session: bytes(vectors.sid) };
  const initiator = { share: bytes(vectors.Ya), data: bytes(vectors.ADa) };
  const responder = { share: bytes(vectors.Yb), data: bytes(vectors.ADb) };

  test('lengths before parts', () => {
    expect(toHex(joined(text('1234'), text('5'), text(''), text('678')))).toBe('043132333401350003363738');
    expect(toHex(joined(new Uint8Array(127)).subarray(0, 2))).toBe('7f00');
    expect(toHex(joined(new Uint8Array(128)).subarray(0, 3))).toBe('800100');
  });

  test('the generator and both shares', () => {
    expect(toHex(generatorOf(inputs).toBytes())).toBe(vectors.g);
    expect(toHex(shareOf(inputs, secretOf(bytes(vectors.ya))))).toBe(vectors.Ya);
    expect(toHex(shareOf(inputs, secretOf(bytes(vectors.yb))))).toBe(vectors.Yb);
  });

  test('the key, from either side', () => {
    const halves = { initiator, responder };
    const ofInitiator = sessionKeyOf(inputs.session, secretOf(bytes(vectors.ya)), responder, halves)!;
    const ofResponder = sessionKeyOf(inputs.session, secretOf(bytes(vectors.yb)), initiator, halves)!;
    expect([ofInitiator, ofResponder].map(toHex)).toEqual([vectors.ISK_IR, vectors.ISK_IR]);
  });

  test('what is no element of the group, or the neutral one, makes no key', () => {
    const keyWith = (share: string): Uint8Array | undefined => {
      const theirs = { share: bytes(share), data: new Uint8Array() };
      const halves = { initiator, responder: theirs };
      return sessionKeyOf(inputs.session, secretOf(bytes(vectors.points.secret)), theirs, halves);
    };
    expect(keyWith(vectors.points.valid)).toHaveLength(64);
    for (const share of [...vectors.points.invalid, '', 'ff'.repeat(32), '00'.repeat(33)])
      expect(keyWith(share)).toBeUndefined();
  });
});

describe('a run', () => {
  const nothing = new Uint8Array();
  const base: CPaceInputs = { password: text('coral'), channel: text('a to b'), session: text('run 1') };

  /** What each side ends with when these are its inputs. */
  function run(a: CPaceInputs, b: CPaceInputs): { keys: (Uint8Array | undefined)[]; halves: CPaceHalf[] } {
    const secrets = [secretOf(new Uint8Array(32).fill(7)), secretOf(new Uint8Array(32).fill(9))];
    const initiator = { share: shareOf(a, secrets[0]!), data: nothing };
    const responder = { share: shareOf(b, secrets[1]!), data: nothing };
    const halves = { initiator, responder };
    const keys = [
      sessionKeyOf(a.session, secrets[0]!, responder, halves),
      sessionKeyOf(b.session, secrets[1]!, initiator, halves),
    ];
    return { keys, halves: [initiator, responder] };
  }

  test('with the same inputs ends in the same key, and each proves it to the other', () => {
    const { keys, halves } = run(base, base);
    const [ofA, ofB] = keys as [Uint8Array, Uint8Array];
    expect(ofA).toEqual(ofB);
    const proof = confirmationOf(ofA, base.session, halves[0]!);
    expect(confirms(proof, confirmationOf(ofB, base.session, halves[0]!))).toBe(true);
    expect(confirms(proof, confirmationOf(ofB, base.session, halves[1]!))).toBe(false);
  });

  test.each<[string, Partial<CPaceInputs>]>([
    ['password', { password: text('walnut') }],
    ['channel, as with somebody in between', { channel: text('a to m') }],
    ['session', { session: text('run 2') }],
  ])('with another %s ends in another key', (_what, other) => {
    const [ofA, ofB] = run(base, { ...base, ...other }).keys as [Uint8Array, Uint8Array];
    expect(toHex(ofA)).not.toBe(toHex(ofB));
  });

  test('proofs cut short, or with any bit changed, confirm nothing', () => {
    const proof = Uint8Array.of(1, 2, 3);
    expect(confirms(proof, proof.slice())).toBe(true);
    for (const other of [proof.subarray(1), nothing, Uint8Array.of(1, 2, 2), Uint8Array.of(1, 2, 3, 0)])
      expect(confirms(other, proof)).toBe(false);
  });
});
