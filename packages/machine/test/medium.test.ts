import { describe, expect, test } from 'vitest';
import { askId, type LinkFact, type LinkId, peerId } from '../src/links.ts';
import { Agenda, LinkNetwork, type Medium, type Parcel } from '../src/testing/index.ts';
import { after, type Instant, instant } from '../src/time.ts';

/** Messages take 1 ms. A body takes 100 ms, half of which is told, and may be called back. */
class SlowBodies implements Medium {
  readonly agenda = new Agenda();
  readonly cancelled: Parcel[] = [];

  send(parcel: Parcel, now: Instant): void {
    const isBody = parcel.kind === 'body';
    if (isBody) this.#add(parcel, after(now, 50), (at) => parcel.progress?.(parcel.bytes / 2, at));
    this.#add(parcel, after(now, isBody ? 100 : 1), parcel.arrive);
    if (parcel.delivered !== undefined) this.agenda.add(parcel.from, after(now, 100), parcel.delivered);
  }

  cancel(parcel: Parcel): void {
    this.cancelled.push(parcel);
  }

  roundTripMs(): number {
    return 2;
  }

  #add(parcel: Parcel, at: Instant, happen: (at: Instant) => void): void {
    this.agenda.add(parcel.to, at, () => {
      if (!this.cancelled.includes(parcel)) happen(at);
    });
  }
}

/** Node 0 has asked node 1 for a body, which is under way. */
function asked() {
  const medium = new SlowBodies();
  const network = new LinkNetwork(medium);
  const facts: LinkFact[][] = [[], []];
  for (const node of [0, 1]) network.addNode({ host: `10.0.0.${node}`, port: 1 }, peerId(`${node}`.repeat(64))!);
  const run = (untilMs: number): void => {
    for (let at = network.nextTimeout(); at <= untilMs; at = network.nextTimeout()) network.handleTimeout(at);
    for (let out = network.poll(); out; out = network.poll()) facts[out.node]!.push(out.fact);
  };
  network.perform(0, { type: 'dial', dial: 1, address: { host: '10.0.0.1', port: 1 } }, instant(0));
  run(5);
  const links = facts.map((list) => (list.shift() as LinkFact & { link: LinkId }).link) as [LinkId, LinkId];
  const request = new Uint8Array(1);
  network.perform(0, { type: 'ask', link: links[0], ask: askId(1), request, bodyBytesMax: 99 }, instant(5));
  run(10);
  const told = facts[1]!.shift() as LinkFact & { type: 'requestReceived' };
  const body = new Uint8Array(20);
  network.perform(1, { type: 'answer', link: links[1], request: told.request, head: request, body }, instant(10));
  return { medium, network, facts, links, run };
}

describe('a link network over a medium', () => {
  test('tells how far a body has come', () => {
    const { facts, run } = asked();
    run(200);
    expect(facts[0]!.map(({ type }) => type)).toEqual(['answerProgressed', 'answerReceived']);
    expect(facts[1]!.map(({ type }) => type)).toEqual(['answerSent']);
  });

  test('calls a body back that is no longer wanted', () => {
    const { medium, network, facts, links, run } = asked();
    network.perform(0, { type: 'cancelAsk', link: links[0], ask: askId(1) }, instant(20));
    run(200);
    expect(medium.cancelled).toHaveLength(1);
    expect(facts[0]).toEqual([]);
    expect(facts[1]!.map(({ type }) => type)).toEqual(['requestCancelled']);
  });

  test.each([0, 1])('calls a body back when node %i closes its link', (node) => {
    const { medium, network, links, run } = asked();
    network.perform(node, { type: 'closeLink', link: links[node as 0 | 1], code: 'done' }, instant(20));
    run(200);
    expect(medium.cancelled).toHaveLength(1);
  });
});
