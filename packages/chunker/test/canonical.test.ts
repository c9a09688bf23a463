import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CanonicalReader, CanonicalWriter } from '../src/canonical.ts';

type Value = number | boolean | string | Uint8Array | Value[];

const values = fc.letrec<{ value: Value; list: Value[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.maxSafeNat(),
    fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
    fc.boolean(),
    fc.array(fc.nat(0x10_ffff)).map((points) => String.fromCodePoint(...points).toWellFormed()),
    fc.constantFrom(31, 32, 255, 256, 65_535, 65_536).map((length) => 'x'.repeat(length)),
    fc.uint8Array(),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 20 }),
})).value;

function write(writer: CanonicalWriter, value: Value): void {
  if (typeof value === 'number') writer.uint(value);
  else if (typeof value === 'boolean') writer.boolean(value);
  else if (typeof value === 'string') writer.text(value);
  else if (value instanceof Uint8Array) writer.bytes(value);
  else {
    writer.array(value.length);
    for (const item of value) write(writer, item);
  }
}

/** Reads a value of the same shape as `like`. */
function read(reader: CanonicalReader, like: Value): Value {
  if (typeof like === 'number') return reader.uint();
  if (typeof like === 'boolean') return reader.boolean();
  if (typeof like === 'string') return reader.text(1e6);
  if (like instanceof Uint8Array) return reader.bytes(like.length);
  expect(reader.array(1e6)).toBe(like.length);
  return like.map((item) => read(reader, item));
}

const written = (value: Value): Uint8Array => {
  const writer = new CanonicalWriter();
  write(writer, value);
  return writer.finish();
};

describe('canonical msgpack', () => {
  test('is msgpack as another library writes and reads it', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(written(value))).toEqual(value);
        expect(written(value)).toEqual(encode(value, { forceIntegerToFloat: false }));
      }),
    );
  });

  test('reads what it wrote, to the last byte', () => {
    fc.assert(
      fc.property(values, (value) => {
        const reader = new CanonicalReader(written(value));
        expect(read(reader, value)).toEqual(value);
        expect(reader.done).toBe(true);
      }),
    );
  });

  test.each([
    ['a number with a shorter form', [0xcc, 0x7f], (reader: CanonicalReader) => reader.uint()],
    ['the same in two bytes', [0xcd, 0, 0xff], (reader: CanonicalReader) => reader.uint()],
    ['the same in eight', [0xcf, 0, 0, 0, 0, 1, 0, 0, 0], (reader: CanonicalReader) => reader.uint()],
    ['a number beyond 2^53', [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0], (reader: CanonicalReader) => reader.uint()],
    ['a negative number', [0xff], (reader: CanonicalReader) => reader.uint()],
    ['a float', [0xcb, 0, 0, 0, 0, 0, 0, 0, 0], (reader: CanonicalReader) => reader.uint()],
    ['a number over its limit', [9], (reader: CanonicalReader) => reader.uint(8)],
    ['text with a shorter form', [0xd9, 1, 0x61], (reader: CanonicalReader) => reader.text(9)],
    ['text that is not UTF-8', [0xa1, 0xff], (reader: CanonicalReader) => reader.text(9)],
    ['text cut short', [0xa2, 0x61], (reader: CanonicalReader) => reader.text(9)],
    ['text over its limit', [0xa2, 0x61, 0x61], (reader: CanonicalReader) => reader.text(1)],
    ['bytes of another length', [0xc4, 1, 0], (reader: CanonicalReader) => reader.bytes(2)],
    ['an array with a shorter form', [0xdc, 0, 1, 0], (reader: CanonicalReader) => reader.array(9)],
    [
      'an array longer than what is there',
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      (reader: CanonicalReader) => reader.array(1e12),
    ],
    ['an extension', [0xd4, 0, 0], (reader: CanonicalReader) => reader.bytes(1)],
    ['nil for a boolean', [0xc0], (reader: CanonicalReader) => reader.boolean()],
    ['nothing', [], (reader: CanonicalReader) => reader.uint()],
  ])('%s is not read', (_, bytes, call) => {
    const reader = new CanonicalReader(Uint8Array.from(bytes));
    call(reader);
    expect(reader.failed).toBe(true);
    expect(reader.done).toBe(false);
  });

  test('a byte order mark is text like any other', () => {
    const reader = new CanonicalReader(written('\uFEFFa'));
    expect(reader.text(9)).toBe('\uFEFFa');
  });

  test('nothing is read after a failure', () => {
    const reader = new CanonicalReader(Uint8Array.of(0xc0, 5, 0xa1, 0x61));
    reader.uint();
    expect([reader.uint(), reader.text(9), reader.boolean(), reader.array(9), reader.bytes(0).length]).toEqual([
      0,
      '',
      false,
      0,
      0,
    ]);
  });
});
