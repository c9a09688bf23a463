import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { decode, encode, type Message } from '../src/index.ts';
import { arbitraries } from './arbitraries.ts';
import { fromJson, pack, unpack } from './plain.ts';

interface Vector {
  readonly message: { readonly type: Message['type'] };
  /** The msgpack array, as the table in the README describes it. */
  readonly wire: unknown;
  readonly hex: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('vectors/messages.json', import.meta.url), 'utf8'),
) as readonly Vector[];

describe.each(vectors.map((vector) => [vector.message.type, vector] as const))('%s vector', (_type, vector) => {
  const message = fromJson(vector.message) as Message;

  test('encodes to the golden bytes', () => {
    expect(toHex(encode(message))).toBe(vector.hex);
  });

  test('decodes from the golden bytes', () => {
    expect(decode(fromHex(vector.hex)!)).toStrictEqual({ ok: true, message });
  });

  test('another library finds the documented structure in the golden bytes', () => {
    expect(unpack(fromHex(vector.hex)!)).toEqual(fromJson(vector.wire));
  });

  test('the bytes of another library decode to the message', () => {
    expect(decode(pack(fromJson(vector.wire)))).toStrictEqual({ ok: true, message });
  });
});

test('every type of message has a vector', () => {
  expect(new Set(vectors.map(({ message }) => message.type))).toEqual(new Set(Object.keys(arbitraries)));
});
