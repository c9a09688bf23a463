// A remote that is authenticated and speaks streams correctly, but says rubbish in them, or lies about lengths.

import { describe, expect, test } from 'vitest';
import { askId, type LinkFact, type LinkId, linkMessageBytesMax, type Rng, seededRng } from '@shoal/machine';
import { type Connection, type Endpoint, type EndpointEvent, LinkCarrier, type Stream } from '../src/index.ts';
import { RequestReader } from '../src/links/framing.ts';
import { nodeCrypto } from '../src/node/index.ts';
import { Lab } from '../src/testing/index.ts';
import { clientAddress, endpointFrom, serverAddress } from './pair.ts';

class HostilePair {
  readonly lab = new Lab<EndpointEvent | LinkFact>({ delayMs: 5 });
  readonly hostile: Endpoint;
  readonly carrier: LinkCarrier;
  readonly facts: LinkFact[];
  connection!: Connection;
  /** What the hostile side does with a stream that the carrier opened. */
  onStream: (stream: Stream) => void = () => {};

  constructor(seed: string) {
    const rng = seededRng(seed);
    this.hostile = endpointFrom(seed);
    this.carrier = new LinkCarrier({
      crypto: nodeCrypto,
      keyPair: nodeCrypto.keyPairOf(rng.bytes(32)),
      randomBytes: (count) => rng.bytes(count),
    });
    this.lab.add(clientAddress, this.hostile, (event) => {
      const { type } = event as EndpointEvent;
      if (type === 'streamOpened') this.onStream((event as EndpointEvent & { stream: Stream }).stream);
      if (type === 'connectionOpened') this.connection = (event as EndpointEvent).connection;
    });
    this.facts = this.lab.add(serverAddress, this.carrier) as LinkFact[];
  }

  /** The hostile side dials. */
  dial(): this {
    this.hostile.connect(serverAddress, this.lab.now);
    this.lab.runUntil(() => this.facts.length > 0);
    return this;
  }

  get link(): LinkId {
    return (this.facts[0] as LinkFact & { link: LinkId }).link;
  }
}

function lengthThen(length: number, bytes: number): Uint8Array {
  const out = new Uint8Array(4 + bytes);
  new DataView(out.buffer).setUint32(0, length);
  return out;
}

const rubbish = (rng: Rng): Uint8Array => {
  const bytes = rng.bytes(rng.below(200));
  return rng.chance(0.5) ? bytes : bytes.map((byte, i) => (i < 12 ? byte & rng.below(3) : byte));
};

describe('a hostile remote of a link', () => {
  test.each([
    ['another version', [Uint8Array.of(9)]],
    ['a message larger than messages may be', [Uint8Array.of(1), lengthThen(65_537, 0)]],
  ])('loses it for %s', (_name, parts) => {
    const pair = new HostilePair('messages').dial();
    const stream = pair.connection.openStream()!;
    for (const part of parts) stream.write(part);
    pair.lab.run(1_000);
    expect(pair.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'protocolViolated' });
  });

  test('loses it for ending or giving up the message stream', () => {
    for (const end of [(stream: Stream) => stream.finish(), (stream: Stream) => stream.reset(1)]) {
      const pair = new HostilePair('end').dial();
      const stream = pair.connection.openStream()!;
      stream.write(Uint8Array.of(1));
      end(stream);
      pair.lab.run(1_000);
      expect(pair.facts.at(-1)).toMatchObject({ type: 'linkClosed', code: 'protocolViolated' });
    }
  });

  test('gets a request larger than requests may be refused, and keeps the link', () => {
    const pair = new HostilePair('request').dial();
    pair.connection.openStream()!.write(Uint8Array.of(1));
    const stream = pair.connection.openStream()!;
    stream.write(new Uint8Array(70_000));
    stream.finish();
    pair.lab.run(1_000);
    expect(stream.receiveState).toBe('reset');
    expect(pair.facts.map(({ type }) => type)).toEqual(['linkOpened']);
  });

  test('has nothing kept of a request but its bytes, in however many parts they come', () => {
    const reader = new RequestReader();
    const said = seededRng('parts').bytes(linkMessageBytesMax);
    for (let at = 0, size = 0; at < said.length; at += size, size = (size + 1) % 9) {
      const part = said.slice(at, at + size);
      expect(reader.push(part)).toBe(true);
      part.fill(0); // its memory is used for something else
    }
    expect(reader.push(new Uint8Array())).toBe(true);
    expect(Buffer.compare(reader.take(), said)).toBe(0);
    expect(reader.push(new Uint8Array(1))).toBe(false);
  });

  test.each([
    ['a head larger than heads may be', [lengthThen(65_537, 8)], 'protocolViolated'],
    ['a body larger than asked for', [lengthThen(0, 4), lengthThen(1_001, 0)], 'tooLarge'],
    ['a body of 2^60 bytes', [lengthThen(0, 0), lengthThen(2 ** 28, 4)], 'tooLarge'],
    ['more than announced', [lengthThen(0, 8), Uint8Array.of(1)], 'protocolViolated'],
    ['less than announced', [lengthThen(0, 4), lengthThen(10, 3)], 'protocolViolated'],
    ['nothing', [], 'protocolViolated'],
  ])('fails an exchange that is answered by %s', (_name, parts, code) => {
    const pair = new HostilePair('answer').dial();
    pair.onStream = (stream) => {
      for (const part of parts) stream.write(part);
      stream.finish();
    };
    const order = { type: 'ask', link: pair.link, request: new Uint8Array(1), bodyBytesMax: 1_000 } as const;
    pair.carrier.perform({ ...order, ask: askId(1) }, pair.lab.now);
    pair.lab.run(1_000);
    expect(pair.facts.slice(1)).toEqual([{ type: 'askFailed', link: pair.link, ask: 1, code }]);
  });

  test('never makes the carrier throw, whatever it says, and every ask is answered once', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const rng = seededRng(`links ${seed}`);
      const pair = new HostilePair(`${seed}`).dial();
      const act = (stream: Stream): void => {
        for (let i = rng.below(4); i > 0; i -= 1) stream.write(rubbish(rng));
        const ways = [
          () => stream.finish(),
          () => stream.reset(rng.below(40)),
          () => stream.stop(rng.below(40)),
          () => {},
        ];
        rng.pick(ways)!();
      };
      pair.onStream = act;
      for (let ask = 1; ask <= 20; ask += 1) {
        const order = { type: 'ask', link: pair.link, request: rubbish(rng), bodyBytesMax: rng.below(300) } as const;
        pair.carrier.perform({ ...order, ask: askId(ask) }, pair.lab.now);
        const stream = rng.chance(0.3) ? pair.connection.openStream() : undefined;
        if (stream !== undefined) act(stream);
        pair.lab.run(rng.below(30));
      }
      pair.connection.close(pair.lab.now);
      pair.lab.run(5_000);
      const asks = pair.facts.flatMap((fact) =>
        fact.type === 'askFailed' || fact.type === 'answerReceived' ? [fact.ask] : [],
      );
      expect(new Set(asks).size).toBe(asks.length);
      expect(pair.facts.filter(({ type }) => type === 'linkClosed').length).toBe(1);
      expect(pair.carrier.linkCount).toBe(0);
    }
  });
});
