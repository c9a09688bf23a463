import { describe, expect, test } from 'vitest';
import { askId, type LinkFact, type LinkId, type PeerId, peerId } from '../src/links.ts';
import { LinkNetwork } from '../src/testing/link-network.ts';
import { instant } from '../src/time.ts';

const peers = ['a', 'b'].map((digit) => peerId(digit.repeat(64))!) as [PeerId, PeerId];
const addresses = [1, 2].map((n) => ({ host: `10.0.0.${n}`, port: 1 }));

/** Two linked nodes; `facts[node]` collects what each is told. */
function pair() {
  const network = new LinkNetwork();
  const facts: LinkFact[][] = [[], []];
  for (const node of [0, 1]) network.addNode(addresses[node]!, peers[node]!);
  const run = (untilMs: number): void => {
    for (let at = network.nextTimeout(); at <= untilMs; at = network.nextTimeout()) network.handleTimeout(at);
    for (let out = network.poll(); out; out = network.poll()) facts[out.node]!.push(out.fact);
  };
  network.perform(0, { type: 'dial', dial: 7, address: addresses[1]! }, instant(0));
  run(10);
  const links = facts.map((list) => (list[0] as LinkFact & { link: LinkId }).link) as [LinkId, LinkId];
  for (const list of facts) list.length = 0;
  return { network, facts, links, run };
}

describe('link network', () => {
  test('carries a message, and a question with its answer', () => {
    const { network, facts, links, run } = pair();
    network.perform(0, { type: 'sendMessage', link: links[0], message: Uint8Array.of(1) }, instant(10));
    network.perform(
      0,
      { type: 'ask', link: links[0], ask: askId(5), request: Uint8Array.of(2), bodyBytesMax: 3 },
      instant(10),
    );
    run(20);
    expect(facts[1]!.map((fact) => fact.type)).toEqual(['messageReceived', 'requestReceived']);
    const { request } = facts[1]![1] as LinkFact & { type: 'requestReceived' };
    network.perform(
      1,
      { type: 'answer', link: links[1], request, head: Uint8Array.of(3), body: Uint8Array.of(4, 5) },
      instant(20),
    );
    run(30);
    expect(facts[1]!.at(-1)).toEqual({ type: 'answerSent', link: links[1], request });
    expect(facts[0]).toEqual([
      {
        type: 'answerReceived',
        link: links[0],
        ask: askId(5),
        head: Uint8Array.of(3),
        body: Uint8Array.of(4, 5),
        srttMs: 2,
      },
    ]);
  });

  test('a refusal, a body too large and a cancelled question end as promised', () => {
    const { network, facts, links, run } = pair();
    for (const ask of [1, 2, 3])
      network.perform(
        0,
        { type: 'ask', link: links[0], ask: askId(ask), request: Uint8Array.of(ask), bodyBytesMax: 1 },
        instant(10),
      );
    run(20);
    const [first, second, third] = facts[1]!.map((fact) => (fact as LinkFact & { type: 'requestReceived' }).request);
    network.perform(1, { type: 'refuse', link: links[1], request: first!, code: 'choked' }, instant(20));
    network.perform(
      1,
      { type: 'answer', link: links[1], request: second!, head: Uint8Array.of(), body: new Uint8Array(2) },
      instant(20),
    );
    network.perform(0, { type: 'cancelAsk', link: links[0], ask: askId(3) }, instant(20));
    run(30);
    expect(facts[0]).toEqual([
      { type: 'askFailed', link: links[0], ask: askId(1), code: 'choked' },
      { type: 'askFailed', link: links[0], ask: askId(2), code: 'tooLarge' },
    ]);
    expect(facts[1]!.at(-1)).toEqual({ type: 'requestCancelled', link: links[1], request: third });
  });

  test('closing tells the far end, and only it', () => {
    const { network, facts, links, run } = pair();
    network.perform(0, { type: 'closeLink', link: links[0], code: 'done' }, instant(10));
    run(20);
    expect(facts).toEqual([[], [{ type: 'linkClosed', link: links[1], code: 'done' }]]);
  });

  test('a vanished node is noticed, and cannot be dialled until it is back', () => {
    const { network, facts, links, run } = pair();
    network.stopNode(1, instant(10));
    network.perform(0, { type: 'dial', dial: 8, address: addresses[1]! }, instant(10));
    run(5000);
    expect(facts[0]).toEqual([
      { type: 'linkClosed', link: links[0], code: 'lost' },
      { type: 'dialFailed', dial: 8, code: 'unreachable' },
    ]);
    network.startNode(1);
    network.perform(0, { type: 'dial', dial: 9, address: addresses[1]! }, instant(6000));
    run(7000);
    expect(facts[0]!.at(-1)).toMatchObject({ type: 'linkOpened', dial: 9 });
  });

  test('what a partition cuts is lost, and nobody is reached across it until it is over', () => {
    const { network, facts, links, run } = pair();
    network.partition((node) => node, instant(10));
    network.perform(0, { type: 'sendMessage', link: links[0], message: Uint8Array.of(1) }, instant(10));
    network.perform(0, { type: 'dial', dial: 8, address: addresses[1]! }, instant(10));
    run(5000);
    expect(facts[0]).toContainEqual({ type: 'linkClosed', link: links[0], code: 'lost' });
    expect(facts[0]).toContainEqual({ type: 'dialFailed', dial: 8, code: 'unreachable' });
    expect(facts[1]).toEqual([{ type: 'linkClosed', link: links[1], code: 'lost' }]);
    network.partition(undefined, instant(6000));
    network.perform(0, { type: 'dial', dial: 9, address: addresses[1]! }, instant(6000));
    run(7000);
    expect(facts[0]!.at(-1)).toMatchObject({ type: 'linkOpened', dial: 9 });
  });

  test('a node that moves keeps its links, which the far ends are told, and is dialled where it is now', () => {
    const { network, facts, links, run } = pair();
    const elsewhere = { host: '10.9.0.1', port: 1 };
    network.moveNode(1, elsewhere, instant(10));
    network.perform(0, { type: 'sendMessage', link: links[0], message: Uint8Array.of(1) }, instant(10));
    network.perform(0, { type: 'dial', dial: 8, address: addresses[1]! }, instant(10));
    network.perform(0, { type: 'dial', dial: 9, address: elsewhere }, instant(10));
    run(5000);
    expect(facts[1]![0]).toMatchObject({ type: 'messageReceived' });
    expect(facts[0]!.map((fact) => fact.type)).toEqual(['linkMoved', 'linkOpened', 'dialFailed']);
    expect(facts[0]![0]).toEqual({ type: 'linkMoved', link: links[0], address: elsewhere });
    expect(facts[0]![1]).toMatchObject({ dial: 9, address: elsewhere });
  });
});
