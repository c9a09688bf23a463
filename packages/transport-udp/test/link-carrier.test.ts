// The promises of machine/src/links.ts, kept over endpoints on good and bad networks.

import { describe, expect, test } from 'vitest';
import {
  askId,
  type LinkCode,
  type LinkFact,
  type LinkId,
  linkMessageBytesMax,
  type LinkOrder,
  peerId,
  type RequestId,
  sameAddress,
  seededRng,
  UsageError,
} from '@shoal/machine';
import { type EndpointOptions, LinkCarrier, type TransportConfig } from '../src/index.ts';
import { asksWaitingMax, messageQueueBytesMax } from '../src/links/link.ts';
import { nodeCrypto } from '../src/node/index.ts';
import { Lab, type PathProfile } from '../src/testing/index.ts';

const addresses = [1, 2].map((n) => ({ host: `10.0.0.${n}`, port: n }));
const empty = new Uint8Array();
const smallWindows = { streamWindowBytes: 131_072, connectionWindowBytes: 131_072 };
type Fact<Type extends LinkFact['type']> = LinkFact & { readonly type: Type };

class LinkPair {
  readonly lab: Lab<LinkFact>;
  readonly carriers: LinkCarrier[];
  readonly facts: LinkFact[][];
  links: LinkId[] = [];

  constructor(profile: PathProfile = { delayMs: 10 }, config: Partial<TransportConfig> = {}, seed = 'links') {
    this.lab = new Lab(profile, seed);
    this.carriers = addresses.map((address) => carrierFrom(`${seed}/${address.port}`, { config }));
    this.facts = this.carriers.map((carrier, node) => this.lab.add(addresses[node]!, carrier));
  }

  perform(node: number, order: LinkOrder): void {
    this.carriers[node]!.perform(order, this.lab.now);
    this.lab.drain();
  }

  link(): this {
    this.perform(0, { type: 'dial', dial: 7, address: addresses[1]! });
    this.lab.runUntil(() => this.facts.every((list) => list.length > 0));
    this.links = this.facts.map((list) => (list[0] as Fact<'linkOpened'>).link);
    for (const list of this.facts) list.length = 0;
    return this;
  }

  ask(ask: number, request: Uint8Array, bodyBytesMax = 0): void {
    this.perform(0, { type: 'ask', link: this.links[0]!, ask: askId(ask), request, bodyBytesMax });
  }

  requests(): RequestId[] {
    return this.of(1, 'requestReceived').map(({ request }) => request);
  }

  answer(request: RequestId, head: Uint8Array, body?: Uint8Array): void {
    const order = { type: 'answer', link: this.links[1]!, request, head } as const;
    this.perform(1, body === undefined ? order : { ...order, body });
  }

  of<Type extends LinkFact['type']>(node: number, type: Type): Fact<Type>[] {
    return this.facts[node]!.filter((fact) => fact.type === type) as Fact<Type>[];
  }

  until(node: number, type: LinkFact['type'], count = 1): boolean {
    return this.lab.runUntil(() => this.of(node, type).length >= count);
  }
}

function carrierFrom(seed: string, options: Partial<EndpointOptions> = {}): LinkCarrier {
  const rng = seededRng(seed);
  const keyPair = nodeCrypto.keyPairOf(rng.bytes(32));
  return new LinkCarrier({ crypto: nodeCrypto, keyPair, randomBytes: (count) => rng.bytes(count), ...options });
}

describe('a link', () => {
  test('is told to both, with identities and the dial', () => {
    const pair = new LinkPair();
    pair.perform(0, { type: 'dial', dial: 7, address: addresses[1]!, expect: pair.carriers[1]!.peer });
    pair.lab.run(100);
    const [there, here] = [pair.facts[0]![0], pair.facts[1]![0]];
    expect(there).toMatchObject({ type: 'linkOpened', peer: pair.carriers[1]!.peer, address: addresses[1], dial: 7 });
    expect(here).toEqual({
      type: 'linkOpened',
      link: (here as Fact<'linkOpened'>).link,
      peer: pair.carriers[0]!.peer,
      address: addresses[0],
    });
  });

  test('to nobody, or to somebody else than expected, fails with its code', () => {
    const pair = new LinkPair();
    pair.perform(0, { type: 'dial', dial: 1, address: { host: '10.0.0.9', port: 9 } });
    pair.perform(0, { type: 'dial', dial: 2, address: addresses[1]!, expect: peerId('ab'.repeat(32))! });
    pair.lab.run(30_000);
    expect(pair.facts[0]).toEqual([
      { type: 'dialFailed', dial: 2, code: 'authenticationFailed' },
      { type: 'dialFailed', dial: 1, code: 'unreachable' },
    ]);
    expect(pair.facts[1]).toEqual([]);
  });

  test('carries messages in order, both ways, from the first moment, also over loss', () => {
    const pair = new LinkPair({ delayMs: 10, loss: 0.1, jitterMs: 5 }).link();
    const sizes = [0, 1, 1_000, linkMessageBytesMax, 3, 40_000];
    for (const node of [0, 1])
      for (const [i, size] of sizes.entries())
        pair.perform(node, { type: 'sendMessage', link: pair.links[node]!, message: new Uint8Array(size).fill(i) });
    expect([pair.until(0, 'messageReceived', 6), pair.until(1, 'messageReceived', 6)]).toEqual([true, true]);
    for (const node of [0, 1])
      expect(pair.of(node, 'messageReceived').map(({ message }) => [message.length, message[0] ?? 0])).toEqual(
        sizes.map((size, i) => [size, size === 0 ? 0 : i]),
      );
  });

  test('carries an exchange: request, head and body, and both are told', () => {
    const pair = new LinkPair().link();
    pair.ask(5, Uint8Array.of(2), 3);
    pair.until(1, 'requestReceived');
    expect(pair.of(1, 'requestReceived')[0]!.message).toEqual(Uint8Array.of(2));
    pair.answer(pair.requests()[0]!, Uint8Array.of(3), Uint8Array.of(4, 5));
    pair.until(1, 'answerSent');
    const [answer] = pair.of(0, 'answerReceived');
    expect(answer).toMatchObject({ link: pair.links[0], ask: 5, head: Uint8Array.of(3), body: Uint8Array.of(4, 5) });
    expect(answer!.srttMs).toBeCloseTo(20, 0);
  });

  test.each([
    ['nothing, when it is small', 1_000, {}, {}, [0, 0.01], [0, 0.01]],
    ['the congestion window, on a slow path', 2_000_000, { rateBytesPerSecond: 1_000_000 }, {}, [0.9, 1], [0, 0.05]],
    ['the receive window, when that is small', 2_000_000, {}, smallWindows, [0, 0.5], [0.5, 1]],
  ] as const)('tells what held an answer back: %s', (_what, bytes, path, config, congestion, receiver) => {
    const pair = new LinkPair({ delayMs: 50, queueBytes: 200_000, ...path }, config).link();
    pair.ask(1, empty, bytes);
    pair.until(1, 'requestReceived');
    const startedAt = pair.lab.now;
    pair.answer(pair.requests()[0]!, empty, new Uint8Array(bytes));
    pair.until(1, 'answerSent');
    const tookMs = pair.lab.now - startedAt;
    const { congestionMs, receiverMs } = pair.of(1, 'answerSent')[0]!.limits!;
    for (const [ms, [least, most]] of [
      [congestionMs, congestion],
      [receiverMs, receiver],
    ] as const) {
      expect(ms / tookMs).toBeGreaterThanOrEqual(least);
      expect(ms / tookMs).toBeLessThanOrEqual(most);
    }
  });

  test('tells how a large body grows', () => {
    const pair = new LinkPair().link();
    pair.ask(1, empty, 5_000_000);
    pair.until(1, 'requestReceived');
    const body = seededRng('body').bytes(5_000_000);
    pair.answer(pair.requests()[0]!, empty, body);
    pair.until(0, 'answerReceived');
    const progress = pair.of(0, 'answerProgressed').map(({ bodyBytes }) => bodyBytes);
    expect(progress.length).toBeGreaterThan(10);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(Buffer.compare(pair.of(0, 'answerReceived')[0]!.body, body)).toBe(0);
  });

  test('carries many exchanges at once, more than the remote takes streams', () => {
    const pair = new LinkPair({ delayMs: 10, loss: 0.02 }, { remoteStreamsMax: 16 }).link();
    for (let i = 0; i < 200; i += 1) pair.ask(i, Uint8Array.of(i), 10_000);
    let answered = 0;
    const answerAll = (): boolean => {
      for (const { request, message } of pair.of(1, 'requestReceived').slice(answered)) {
        pair.answer(request, message, new Uint8Array(10_000).fill(message[0]!));
        answered += 1;
      }
      return pair.of(0, 'answerReceived').length === 200;
    };
    expect(pair.lab.runUntil(answerAll)).toBe(true);
    const answers = pair.of(0, 'answerReceived');
    expect(answers.every(({ ask, head, body }) => head[0] === ask % 256 && body[9_999] === head[0])).toBe(true);
  });

  test('a refusal, a body too large and a cancelled question end as promised', () => {
    const pair = new LinkPair().link();
    for (const ask of [1, 2, 3]) pair.ask(ask, Uint8Array.of(ask), 1);
    pair.until(1, 'requestReceived', 3);
    const [first, second, third] = pair.requests();
    pair.perform(1, { type: 'refuse', link: pair.links[1]!, request: first!, code: 'choked' });
    pair.answer(second!, empty, new Uint8Array(2));
    pair.perform(0, { type: 'cancelAsk', link: pair.links[0]!, ask: askId(3) });
    pair.lab.run(1_000);
    expect(pair.facts[0]!.map((fact) => fact.type === 'askFailed' && [fact.ask, fact.code])).toEqual([
      [1, 'choked'],
      [2, 'tooLarge'],
    ]);
    expect(pair.of(1, 'requestCancelled').map(({ request }) => request)).toContain(third);
    expect(pair.of(1, 'requestCancelled').map(({ request }) => request)).not.toContain(first);
    pair.answer(third!, empty); // meanwhile cancelled: does nothing
    pair.lab.run(1_000);
    expect(pair.of(0, 'answerReceived')).toEqual([]);
  });

  test('a body cancelled half-way stops coming', () => {
    const pair = new LinkPair({ delayMs: 10, rateBytesPerSecond: 1_000_000, queueBytes: 100_000 }).link();
    pair.ask(1, empty, 5_000_000);
    pair.until(1, 'requestReceived');
    pair.answer(pair.requests()[0]!, empty, new Uint8Array(5_000_000));
    pair.until(0, 'answerProgressed');
    pair.perform(0, { type: 'cancelAsk', link: pair.links[0]!, ask: askId(1) });
    pair.lab.run(500);
    const { bytesSent } = pair.carriers[1]!.endpoint.stats;
    pair.lab.run(2_000);
    expect(pair.carriers[1]!.endpoint.stats.bytesSent - bytesSent).toBeLessThan(1_000);
    expect(bytesSent).toBeLessThan(1_500_000);
  });

  test('closing tells the far end, and only it, after everything sent before', () => {
    const pair = new LinkPair({ delayMs: 10, loss: 0.1 }).link();
    pair.perform(0, { type: 'sendMessage', link: pair.links[0]!, message: new Uint8Array(60_000) });
    pair.perform(0, { type: 'closeLink', link: pair.links[0]!, code: 'banned' });
    pair.lab.run(5_000);
    expect(pair.facts[0]).toEqual([]);
    expect(pair.facts[1]!.map((fact) => fact.type)).toEqual(['messageReceived', 'linkClosed']);
    expect(pair.of(1, 'linkClosed')[0]!.code).toBe('banned' satisfies LinkCode);
    for (const carrier of pair.carriers) expect(carrier.endpoint.stats.connections).toBe(0);
  });

  test('a vanished remote is noticed', () => {
    const pair = new LinkPair({ delayMs: 10 }, { idleTimeoutMs: 5_000, keepAliveMs: 1_000 }).link();
    pair.ask(1, empty);
    pair.lab.remove(addresses[1]!);
    pair.lab.run(10_000);
    expect(pair.facts[0]).toEqual([{ type: 'linkClosed', link: pair.links[0], code: 'lost' }]);
  });

  test('on a network that damages packets, exchanges and messages arrive right, and the link lives', () => {
    const pair = new LinkPair({ delayMs: 10, corrupt: 0.01 }).link();
    const body = seededRng('body').bytes(200_000);
    let answered = 0;
    for (let ask = 1; ask <= 30; ask += 1) {
      pair.ask(ask, empty, 200_000);
      pair.perform(0, { type: 'sendMessage', link: pair.links[0]!, message: body.subarray(0, 20_000) });
    }
    const over = (): boolean => {
      for (const request of pair.requests().slice(answered)) {
        pair.answer(request, empty, body);
        answered += 1;
      }
      return pair.of(0, 'answerReceived').length === 30 && pair.of(1, 'messageReceived').length === 30;
    };
    expect(pair.lab.runUntil(over)).toBe(true);
    expect(pair.of(0, 'answerReceived').every((fact) => Buffer.compare(fact.body, body) === 0)).toBe(true);
    expect(pair.of(1, 'messageReceived').every(({ message }) => message.length === 20_000)).toBe(true);
    expect(pair.lab.network.corrupted).toBeGreaterThan(30);
  });
});

describe('a remote that moves', () => {
  const elsewhere = { host: '10.7.0.1', port: 1 };

  test('is told of once it has proved that it receives there, and not before', () => {
    const pair = new LinkPair().link();
    pair.lab.network.interfere = (datagram) => (sameAddress(datagram.to, elsewhere) ? [] : [datagram]);
    pair.lab.move(addresses[0]!, elsewhere, { keep: true });
    pair.ask(1, Uint8Array.of(1));
    pair.lab.run(2_000);
    expect(pair.facts[1]!.map(({ type }) => type)).toEqual(['requestReceived']);
    pair.lab.network.interfere = undefined;
    pair.ask(2, Uint8Array.of(2));
    expect(pair.until(1, 'linkMoved')).toBe(true);
    pair.lab.run(2_000);
    expect(pair.of(1, 'linkMoved')).toEqual([{ type: 'linkMoved', link: pair.links[1], address: elsewhere }]);
    expect(pair.facts[0]).toEqual([]); // who moves may not know
  });
});

describe('the limits of a link', () => {
  test('messages above the limit are the caller’s fault', () => {
    const pair = new LinkPair().link();
    const message = new Uint8Array(linkMessageBytesMax + 1);
    expect(() => pair.perform(0, { type: 'sendMessage', link: pair.links[0]!, message })).toThrow(UsageError);
    expect(() => pair.ask(1, message)).toThrow(UsageError);
  });

  test('a remote that takes no messages loses the link when too many wait', () => {
    const pair = new LinkPair({ delayMs: 10 }, { idleTimeoutMs: 100_000, keepAliveMs: 0 }).link();
    pair.lab.remove(addresses[1]!);
    const message = new Uint8Array(linkMessageBytesMax);
    for (let sent = 0; sent < messageQueueBytesMax + 10 * 2 ** 20; sent += message.length)
      pair.perform(0, { type: 'sendMessage', link: pair.links[0]!, message });
    expect(pair.facts[0]).toEqual([{ type: 'linkClosed', link: pair.links[0], code: 'busy' }]);
  });

  test('asks beyond what may wait fail at once', () => {
    const pair = new LinkPair({ delayMs: 10 }, { remoteStreamsMax: 2 }).link();
    for (let ask = 0; ask < asksWaitingMax + 3; ask += 1) pair.ask(ask, empty);
    expect(pair.of(0, 'askFailed').map(({ ask, code }) => [ask, code])).toEqual([
      [asksWaitingMax + 1, 'busy'],
      [asksWaitingMax + 2, 'busy'],
    ]);
  });

  test('orders for a link that is closed do nothing', () => {
    const pair = new LinkPair().link();
    const link = pair.links[0]!;
    pair.perform(0, { type: 'closeLink', link, code: 'done' });
    pair.perform(0, { type: 'sendMessage', link, message: empty });
    pair.perform(0, { type: 'ask', link, ask: askId(1), request: empty, bodyBytesMax: 0 });
    pair.perform(0, { type: 'closeLink', link, code: 'done' });
    pair.lab.run(1_000);
    expect(pair.facts).toEqual([[], [{ type: 'linkClosed', link: pair.links[1], code: 'done' }]]);
  });
});
