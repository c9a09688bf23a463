// What a remote that is authenticated and hostile can make us keep: no more than a few numbers say, whatever it sends,
// and whatever it never acknowledges.

import { describe, expect, test } from 'vitest';
import { instant, RangeSet } from '@shoal/machine';
import type { Connection, Endpoint, EndpointEvent } from '../src/index.ts';
import { recordsHeldMax } from '../src/streams/receive-stream.ts';
import { packetKinds, packetLengthAt, readPacketNumber, viewOf } from '../src/packet/header.ts';
import type { Frame } from '../src/packet/frames.ts';
import { keyedPair, sent } from './keyed-remote.ts';
import { clientAddress } from './pair.ts';

function drained(endpoint: Endpoint): EndpointEvent[] {
  const events: EndpointEvent[] = [];
  for (let event = endpoint.poll(); event !== undefined; event = endpoint.poll()) events.push(event);
  return events;
}

const only = (endpoint: Endpoint): Connection => [...endpoint.connections()][0]!;

const heldBytes = (endpoint: Endpoint): number => {
  let sum = 0;
  for (const stream of only(endpoint).streams()) sum += stream.receiving.heldBytes;
  return sum;
};

describe('records that nobody reads', () => {
  test('take no more than the connection may send, though they overlap', () => {
    const config = { connectionWindowBytes: 262_144, streamWindowBytes: 131_072, remoteStreamsMax: 64 };
    const { server, remote, now } = keyedPair({ config });
    for (let stream = 0; stream < 128; stream += 2)
      for (let recordStart = 0; recordStart < 20; recordStart += 1) {
        const header = { stream, recordStart, recordBytes: 65_536 };
        server.handleDatagram(remote.bulk(header, new Uint8Array(10)), clientAddress, now);
      }
    expect(heldBytes(server)).toBeGreaterThan(0);
    expect(heldBytes(server)).toBeLessThanOrEqual(262_144);
  });

  test('are no more than so many, however small they are, and go on as soon as some are read', () => {
    const { server, remote, now } = keyedPair();
    const send = (i: number): void => {
      const record = remote.record(0, 17 * i, Uint8Array.of(i & 255));
      const header = { stream: 0, recordStart: 17 * i, recordBytes: 17 };
      server.handleDatagram(remote.bulk(header, record), clientAddress, now);
    };
    for (let i = 0; i < recordsHeldMax + 1_000; i += 1) send(i);
    const stream = drained(server).find((event) => event.type === 'streamOpened')!.stream;
    expect(heldBytes(server)).toBe(17 * recordsHeldMax);
    let read = 0;
    for (let part = stream.read(); part !== undefined; part = stream.read()) read += part.length;
    expect(read).toBe(recordsHeldMax);
    for (let i = recordsHeldMax; i < recordsHeldMax + 1_000; i += 1) send(i);
    for (let part = stream.read(); part !== undefined; part = stream.read()) read += part.length;
    expect(read).toBe(recordsHeldMax + 1_000);
  });

  test('do not keep out the one that somebody waits for', () => {
    const { server, remote, now } = keyedPair();
    const send = (i: number): void => {
      const header = { stream: 0, recordStart: 17 * i, recordBytes: 17 };
      server.handleDatagram(remote.bulk(header, remote.record(0, 17 * i, Uint8Array.of(1))), clientAddress, now);
    };
    for (let i = 1; i <= recordsHeldMax; i += 1) send(i); // all but the first
    send(0);
    expect(drained(server).map(({ type }) => type)).toContain('streamReadable');
  });
});

/** Sends `packets` that are alike, twenty a millisecond, and tells how the connection ended. */
function insist(frames: readonly Frame[], packets: number): EndpointEvent | undefined {
  const { server, remote } = keyedPair();
  for (let i = 0; i < packets; i += 1) {
    const now = instant(i / 20);
    server.handleDatagram(remote.control(frames), clientAddress, now);
    if (server.nextTimeout() <= now) server.handleTimeout(now);
    sent(server, now);
    const end = drained(server).find(({ type }) => type === 'connectionClosed');
    if (end !== undefined) return end;
  }
  return undefined;
}

describe('a remote that never acknowledges anything', () => {
  test('is shut out where it asks for frames', () => {
    const stops = Array.from({ length: 400 }, (_, i): Frame => ({ type: 'stop', stream: 1_000_001 + 2 * i, code: 0 }));
    expect(insist(stops, 1_000)).toMatchObject({ reason: 'protocolViolated', byRemote: false });
  });

  test('is borne where it asks for acknowledgements', () => {
    expect(insist([{ type: 'ping' }], 2_000)).toBeUndefined();
  });
});

/** Of the packets in `bytes`, without those that carry the beginning of stream 1. */
function numbersButTheFirstPiece(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += packetLengthAt(view, at)) {
    const isBulk = bytes[at] !== packetKinds.control;
    const [stream, recordStart, pieceOffset] = [
      view.getUint32(at + 17),
      view.getUint32(at + 23),
      view.getUint16(at + 29),
    ];
    const isFirst = isBulk && stream === 1 && recordStart === 0 && pieceOffset === 0;
    if (!isFirst) numbers.push(readPacketNumber(view, at));
  }
  return numbers;
}

describe('a remote that grants everything and acknowledges all but the first packet', () => {
  const mostBytes = 200_000;

  function starved(): { pair: ReturnType<typeof keyedPair>; held: () => number; run: (fromMs: number) => void } {
    const parameters = { connectionWindowBytes: 2 ** 40, streamWindowBytes: 2 ** 40 };
    const config = { connectionWindowBytes: mostBytes, streamWindowBytes: 131_072 };
    const pair = keyedPair({ config }, { parameters });
    const { server, remote } = pair;
    const acked = new RangeSet();
    const run = (fromMs: number): void => {
      for (let ms = fromMs; ms < fromMs + 400; ms += 1) {
        const now = instant(ms);
        if (server.nextTimeout() <= now) server.handleTimeout(now);
        for (const { bytes } of sent(server, now))
          for (const number of numbersButTheFirstPiece(bytes)) acked.add(number, number + 1);
        const ranges = [...acked.descending()].slice(0, 64).flatMap(({ start, end }) => [start, end]);
        server.handleDatagram(remote.control([{ type: 'ack', delayUs: 0, ranges }]), clientAddress, now);
        drained(server);
      }
    };
    const held = (): number => [...only(server).streams()].reduce((sum, { sending }) => sum + sending.retainedBytes, 0);
    return { pair, held, run };
  }

  test('has us keep no more than a window', () => {
    const { pair, held, run } = starved();
    const stream = only(pair.server).openStream()!;
    stream.write(new Uint8Array(2_000_000));
    run(1);
    expect(held()).toBeGreaterThan(mostBytes - 65_536);
    expect(held()).toBeLessThanOrEqual(mostBytes);
    expect(stream.queuedBytes).toBeGreaterThan(1_500_000);
  });

  test('does not keep another stream from going on when the first is given up', () => {
    const { pair, run } = starved();
    const [first, second] = [only(pair.server).openStream()!, only(pair.server).openStream()!];
    first.write(new Uint8Array(2_000_000));
    run(1);
    second.write(new Uint8Array(100_000));
    second.finish();
    run(500);
    expect(second.sendState).toBe('open');
    first.reset(1);
    run(1_000);
    expect(second.sendState).toBe('finished');
  });
});

test('a remote that makes up numbers of repairs has its stream given up', () => {
  const { server, remote, now } = keyedPair();
  const stream = only(server).openStream()!;
  stream.write(new Uint8Array(5_000));
  sent(server, now);
  for (let i = 0; i < 100; i += 1) {
    const frame: Frame = { type: 'repair', stream: stream.id, start: 0, repair: 2 * i };
    server.handleDatagram(remote.control([frame]), clientAddress, now);
    sent(server, now);
  }
  expect(stream.sendState).toBe('reset');
  expect(drained(server)).toContainEqual(expect.objectContaining({ type: 'streamStopped', reason: 'damaged' }));
});
