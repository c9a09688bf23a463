import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkCountMax, chunksPerMessageMax, decode, encode, messageBytesMax, swarmId } from '../src/index.ts';
import { pack } from './plain.ts';
import { anyMessage, arbitraries } from './arbitraries.ts';

const swarm = swarmId('07'.repeat(32))!;
const swarmBytes = new Uint8Array(32).fill(7);

const reasonOf = (bytes: Uint8Array): string => {
  const decoded = decode(bytes);
  return decoded.ok ? 'ok' : decoded.reason;
};

describe('encode, then decode', () => {
  test.each(Object.entries(arbitraries))('gives back any valid %s', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary as typeof anyMessage, (message) => {
        expect(decode(encode(message))).toStrictEqual({ ok: true, message });
      }),
      { numRuns: 60 },
    );
  });

  test('fills every list to its limit within one link message', () => {
    const chunks = Array.from({ length: chunksPerMessageMax }, (_, i) => chunkCountMax - 1 - i);
    expect(encode({ type: 'have', swarm, chunks }).length).toBeLessThan(messageBytesMax);
    expect(
      encode({ type: 'join', swarm, bits: new Uint8Array(chunkCountMax / 8), offering: false }).length,
    ).toBeLessThan(messageBytesMax);
  });

  test('gives bytes that later messages leave alone', () => {
    const first = encode({ type: 'chunkReply', chunk: 1, waitedMs: 0, readMs: 0, congestion: 0, receiver: 0 });
    const copy = first.slice();
    for (let chunk = 0; chunk < 5_000; chunk += 1)
      encode({ type: 'chunkReply', chunk, waitedMs: 0, readMs: 0, congestion: 0, receiver: 0 });
    expect(first).toEqual(copy);
  });

  test('a decoded message keeps nothing of the buffer it came in', () => {
    const bytes = encode({ type: 'join', swarm, bits: Uint8Array.of(1, 2, 3), offering: false });
    const decoded = decode(bytes);
    bytes.fill(0xff);
    expect(decoded).toStrictEqual({
      ok: true,
      message: { type: 'join', swarm, bits: Uint8Array.of(1, 2, 3), offering: false },
    });
  });
});

describe('decode says why bytes are no message', () => {
  test.each<[string, string, Uint8Array]>([
    ['more bytes than a message may have', 'tooLarge', new Uint8Array(messageBytesMax + 1)],
    ['no bytes', 'malformed', new Uint8Array()],
    ['a truncated message', 'malformed', encode({ type: 'part', swarm }).slice(0, -1)],
    ['bytes after the message', 'malformed', Uint8Array.of(...encode({ type: 'part', swarm }), 0)],
    ['no array', 'malformed', pack(5)],
    ['an array without a kind', 'malformed', pack([1])],
    ['a map', 'malformed', Uint8Array.of(0x92, 1, 0x80)],
    ['an extension', 'malformed', Uint8Array.of(0x92, 1, 0xd4, 0x72, 0x40)],
    ['the reserved byte', 'malformed', Uint8Array.of(0x92, 1, 0xc1)],
    ['a float of 32 bits', 'malformed', Uint8Array.of(0x92, 1, 0xca, 0, 0, 0, 0)],
    ['an array that claims more than there is', 'malformed', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 1)],
    ['text that is not UTF-8', 'malformed', Uint8Array.of(0x94, 1, 1, 0xa2, 0xc3, 0x28, 0xc0)],
    ['arrays nested too deep', 'malformed', pack([1, [[[[[[]]]]]]])],
    ['too many values', 'malformed', pack([1, 4, Array.from({ length: 9_000 }, () => 0)])],
    ['another version', 'version', pack([2, 3, swarmBytes])],
    ['an unknown kind', 'unknownType', pack([1, 15])],
    ['a kind that is no number', 'unknownType', pack([1, 'part', swarmBytes])],
    ['a missing field', 'badField', pack([1, 3])],
    ['a surplus field', 'badField', pack([1, 3, swarmBytes, 0])],
    ['a swarm of 31 bytes', 'badField', pack([1, 3, swarmBytes.subarray(1)])],
    ['a fraction', 'badField', pack([1, 17, 1.5])],
    ['a negative number', 'badField', pack([1, 17, -1])],
    ['a number that is none', 'badField', pack([1, 17, Number.NaN])],
    ['a share of 31 bytes', 'badField', pack([1, 21, new Uint8Array(31)])],
    ['a sealed ticket too long', 'badField', pack([1, 23, 1, 0, new Uint8Array(16_401)])],
    ['a chunk beyond the largest table', 'badField', pack([1, 17, chunkCountMax])],
    ['a port beyond 65535', 'badField', pack([1, 1, 'x', 65_536])],
    ['port 0', 'badField', pack([1, 1, 'x', 0])],
    ['a host with a space', 'badField', pack([1, 7, swarmBytes, [['a b', 1, null]]])],
    ['a name too long', 'badField', pack([1, 36, 'n'.repeat(256)])],
    ['a name too long in UTF-8', 'badField', pack([1, 36, 'ä'.repeat(128)])],
    ['a bitfield too long', 'badField', pack([1, 2, swarmBytes, new Uint8Array(chunkCountMax / 8 + 1)])],
    ['a list too long', 'badField', pack([1, 4, swarmBytes, Array.from({ length: chunksPerMessageMax + 1 }, () => 0)])],
    ['an unknown refusal', 'badField', pack([1, 39, 99])],
    ['a truth that is a number', 'badField', pack([1, 43, 1])],
    ['a verdict that is no', 'badField', pack([1, 39, false])],
    ['a draft of nothing', 'badField', pack([1, 46, '100/0/a', 0, null])],
    ['a draft without a name', 'badField', pack([1, 46, '100/5/', 0, null])],
    ['a draft whose name has a slash', 'badField', pack([1, 46, '100/5/a/b', 0, null])],
    ['a draft written in another way', 'badField', pack([1, 46, '0100/5/a', 0, null])],
    ['a draft of too many chunks', 'badField', pack([1, 46, `1/${chunkCountMax + 1}/a`, 0, null])],
    ['a draft with a manifest', 'badField', pack([1, 44, swarmBytes, new Uint8Array(36)])],
    ['half a claim', 'badField', pack([1, 44, '100/5/a', new Uint8Array(35)])],
    ['a claim beyond the largest table', 'badField', pack([1, 44, '100/5/a', new Uint8Array(36).fill(255)])],
    ['half a contact', 'badField', pack([1, 41, 1_000, [[2, new Uint8Array(49).fill(1)]]])],
    ['a contact without a port', 'badField', pack([1, 41, 1_000, [[2, new Uint8Array(50)]]])],
    ['a holder of too much', 'badField', pack([1, 37, null, 1, new Uint8Array(54).fill(255), [], []])],
  ])('%s: %s', (_what, reason, bytes) => {
    expect(reasonOf(bytes)).toBe(reason);
  });
});

/** Decodes; what was taken for a message must be one in every respect. */
function isRefusedOrSound(bytes: Uint8Array): boolean {
  const decoded = decode(bytes);
  return !decoded.ok || isDeepStrictEqual(decode(encode(decoded.message)), decoded);
}

describe('hostile bytes', () => {
  test('arbitrary bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(isRefusedOrSound(bytes)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test('arbitrary plain values under a valid head never throw', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.double(),
        fc.string(),
        fc.constant(null),
        fc.boolean(),
        fc.uint8Array({ maxLength: 40 }),
        fc.array(tie('any'), { maxLength: 5 }),
      ),
    })).any;
    const body = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.array(value, { maxLength: 5 }));
    fc.assert(
      fc.property(body, ([kind, fields]) => {
        expect(isRefusedOrSound(pack([1, kind, ...fields]))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('valid bytes with bytes changed, cut or put in never throw', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat({ max: 4 }), insert: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(
      fc.property(anyMessage, fc.array(edit, { minLength: 1, maxLength: 4 }), (message, edits) => {
        let bytes = [...encode(message)];
        for (const { at, remove, insert } of edits) {
          const index = at % (bytes.length + 1);
          bytes = [...bytes.slice(0, index), ...insert, ...bytes.slice(index + remove)];
        }
        expect(isRefusedOrSound(Uint8Array.from(bytes))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each<[string, Uint8Array]>([
    ['nested arrays', new Uint8Array(messageBytesMax).fill(0x91)],
    ['record definitions', Uint8Array.from({ length: messageBytesMax }, (_, i) => [0xd4, 0x72, 0x40, 0x91][i % 4]!)],
    ['empty arrays', Uint8Array.of(0xdd, 0, 0, 0xff, 0xf0, ...new Uint8Array(0xfff0).fill(0x90))],
    ['a long text of many bytes', Uint8Array.of(0xda, 0xff, 0xf0, ...new Uint8Array(0xfff0).fill(0xc3))],
    ['maps within maps', new Uint8Array(messageBytesMax).fill(0x81)],
  ])('64 KiB of %s are refused within 20 ms', (_what, bytes) => {
    const timesMs = Array.from({ length: 5 }, () => {
      const start = performance.now();
      expect(decode(bytes).ok).toBe(false);
      return performance.now() - start;
    });
    expect(Math.min(...timesMs)).toBeLessThan(20);
  });
});
