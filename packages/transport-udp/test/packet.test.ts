import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRng } from '@shoal/machine';
import { ackRangesMax, type Frame, frameBytes, readFrames, writeFrame } from '../src/packet/frames.ts';
import { halfSipHash } from '../src/packet/header-tag.ts';
import {
  bulkHeaderBytes,
  newBulkHeader,
  packetLengthAt,
  readBulkHeader,
  viewOf,
  writeBulkHeader,
} from '../src/packet/header.ts';
import { ByteReader, ByteWriter, varintBytes, varintMax } from '../src/packet/varint.ts';
import { framed } from './keyed-remote.ts';
import vectors from './vectors/half-sip-hash.json' with { type: 'json' };

const number = fc.oneof(fc.nat(100), fc.nat(20_000), fc.maxSafeNat());

describe('varints', () => {
  test('come back as they were, in as many bytes as said', () => {
    fc.assert(
      fc.property(number, (value) => {
        const writer = new ByteWriter(new Uint8Array(8));
        writer.varint(value);
        const reader = new ByteReader(writer.written);
        expect([writer.length, reader.varint(), reader.remaining]).toEqual([varintBytes(value), value, 0]);
      }),
    );
  });

  test('above 2^53 - 1, or cut short, read as a failure', () => {
    for (const bytes of [new Uint8Array(8).fill(0xff), Uint8Array.of(0xc0, 1, 2), Uint8Array.of()]) {
      const reader = new ByteReader(bytes);
      expect(reader.varint()).toBe(0);
      expect(reader.failed).toBe(true);
    }
    expect(varintMax).toBe(2 ** 53 - 1);
  });
});

const ackRanges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 30 }), fc.integer({ min: 1, max: 2 ** 30 })), {
    minLength: 1,
    maxLength: ackRangesMax,
  })
  .map((steps) => {
    const ranges: [number, number][] = [];
    let at = 0;
    for (const [gap, length] of steps) {
      ranges.unshift([at + gap, at + gap + length]);
      at += gap + length;
    }
    return ranges.flat();
  });
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.constant<Frame>({ type: 'ping' }),
  fc.constant<Frame>({ type: 'handshakeDone' }),
  fc.record({ type: fc.constant('ack' as const), delayUs: number, ranges: ackRanges }),
  fc.record({ type: fc.constant('maxData' as const), bytes: number }),
  fc.record({ type: fc.constant('maxStreamData' as const), stream: number, bytes: number }),
  fc.record({ type: fc.constant('maxStreams' as const), count: number }),
  fc.record({ type: fc.constant('reset' as const), stream: number, code: number, finalOffset: number }),
  fc.record({ type: fc.constant('stop' as const), stream: number, code: number }),
  fc.record({ type: fc.constant('repair' as const), stream: number, start: number, repair: number }),
  fc.record({ type: fc.constant('close' as const), code: number }),
);

describe('frames', () => {
  test('come back as they were, in as many bytes as said', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), (many) => {
        // One packet acknowledges once.
        const frames = many.filter(
          ({ type }, i) => type !== 'ack' || many.findIndex((one) => one.type === 'ack') === i,
        );
        const writer = new ByteWriter(new Uint8Array(frames.reduce((sum, one) => sum + frameBytes(one), 0)));
        for (const one of frames) writeFrame(writer, one);
        expect(writer.room).toBe(0);
        expect(readFrames(writer.written)).toEqual(frames);
      }),
    );
  });

  test('any bytes read as frames or as nothing, never as a throw', () => {
    const kinds = fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes.map((byte, i) => (i % 4 ? byte : byte % 11)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), kinds), (bytes) => {
        const acks = (readFrames(bytes) ?? []).filter((one) => one.type === 'ack');
        for (const { ranges } of acks) {
          const descending = ranges.every((n, i) => i < 2 || n < ranges[i - 2]!);
          expect(descending && ranges.every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a second acknowledgement in one packet is no frame', () => {
  const ack: Frame = { type: 'ack', delayUs: 0, ranges: [3, 4] };
  expect(readFrames(framed([ack, { type: 'ping' }]))).toEqual([ack, { type: 'ping' }]);
  expect(readFrames(framed([ack, { type: 'ping' }, ack]))).toBeUndefined();
});

describe('the header tag', () => {
  test('is HalfSipHash-2-4 as published', () => {
    const message = Uint8Array.from({ length: 64 }, (_, i) => i);
    const view = viewOf(message);
    for (let count = 0; count < 16; count += 1) {
      const words = Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true));
      const tag = new Uint8Array(4);
      viewOf(tag).setUint32(0, halfSipHash([0x03020100, 0x07060504], words, count), true);
      expect(Buffer.from(tag).toString('hex')).toBe(vectors.tags[4 * count]);
    }
  });

  test('refuses a bulk header changed in any bit but those of the connection id', () => {
    const packet = new Uint8Array(bulkHeaderBytes + 10);
    const view = viewOf(packet);
    const header = { packetNumber: 2 ** 40, stream: 7, recordStart: 2 ** 41, recordBytes: 65_536, pieceOffset: 65_000 };
    writeBulkHeader(view, 0, packet.length, { high: 1, low: 2 }, { ...header, last: true }, [3, 4]);
    const read = newBulkHeader();
    expect(readBulkHeader(view, 0, packet.length, read, [3, 4])).toBe(true);
    expect(read).toEqual({ ...header, last: true });
    expect(readBulkHeader(view, 0, packet.length, read, [3, 5])).toBe(false);
    for (let bit = 0; bit < 8 * bulkHeaderBytes; bit += 1) {
      const at = bit >> 3;
      if (at >= 3 && at < 11) continue; // decides which connection's key is taken
      packet[at]! ^= 1 << (bit & 7);
      expect(readBulkHeader(view, 0, packet.length, read, [3, 4])).toBe(false);
      packet[at]! ^= 1 << (bit & 7);
    }
  });
});

test('a packet that is unknown, too short or longer than what is left has no length', () => {
  const rng = seededRng('packets');
  for (let i = 0; i < 5_000; i += 1) {
    const bytes = rng.bytes(rng.below(60));
    if (bytes.length > 0) bytes[0] = 0x4e + rng.below(8);
    if (bytes.length > 2) bytes[1] = 0;
    const length = packetLengthAt(viewOf(bytes), 0);
    expect(length === 0 || (length >= 17 && length <= bytes.length)).toBe(true);
  }
});
