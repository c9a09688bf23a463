import { type Address, askId, instant, type LinkFact, type LinkId, type LinkOrder, seededRng } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { DatagramLinks, FluidNetwork, type SimNetwork } from '../src/index.ts';

const rates = { upBytesPerSecond: 10_000_000, downBytesPerSecond: Infinity };
const addresses = [1, 2].map((i) => ({ host: `10.0.0.${i}`, port: 4_000 }));

const bodies: readonly (readonly [string, () => SimNetwork])[] = [
  ['fluid', () => new FluidNetwork({ delayMs: 5 })],
  [
    'datagrams',
    () =>
      new DatagramLinks({
        rng: seededRng('links'),
        path: { delayMs: 5, jitterMs: 3, loss: 0.02, rateBytesPerSecond: 10_000_000 },
      }),
  ],
];

/** Two nodes, linked. */
function setup(network: SimNetwork) {
  const peers = addresses.map((address, i) => network.addNode({ address, rng: seededRng(`node ${i}`), rates }));
  const facts: LinkFact[][] = [[], []];
  let now = instant(0);
  const run = (ms: number): void => {
    const end = instant(now + ms);
    for (let at = network.agenda.next(); at <= end; at = network.agenda.next()) {
      now = at;
      network.agenda.happenUntil(at);
      for (let told = network.poll(); told !== undefined; told = network.poll()) facts[told.node]!.push(told.fact);
    }
    now = end;
  };
  const perform = (node: number, order: LinkOrder): void => network.perform(node, order, now);
  const find = <Type extends LinkFact['type']>(node: number, type: Type) =>
    facts[node]!.find((fact): fact is Extract<LinkFact, { type: Type }> => fact.type === type);
  const dial = (dialNumber: number): LinkId => {
    facts[0]!.length = 0;
    facts[1]!.length = 0;
    perform(0, { type: 'dial', dial: dialNumber, address: addresses[1]!, expect: peers[1]! });
    run(1_000);
    return find(0, 'linkOpened')!.link;
  };
  const stop = (node: number): void => network.stopNode(node, now);
  const start = (node: number): void => network.startNode(node, now);
  const move = (node: number, address: Address): void => network.moveNode(node, address, now);
  return { peers, facts, run, perform, find, dial, stop, start, move };
}

describe.each(bodies)('a simulated network of %s', (_name, open) => {
  test('links nodes by address and identity, and carries an exchange with a body', () => {
    const { peers, run, perform, find, dial } = setup(open());
    const link = dial(1);
    expect(find(1, 'linkOpened')!.peer).toBe(peers[0]);
    const request = Uint8Array.of(1, 2, 3);
    perform(0, { type: 'ask', link, ask: askId(1), request, bodyBytesMax: 100_000 });
    run(500);
    const asked = find(1, 'requestReceived')!;
    expect([...asked.message]).toEqual([1, 2, 3]);
    const body = seededRng('body').bytes(100_000);
    perform(1, { type: 'answer', link: asked.link, request: asked.request, head: request, body });
    run(5_000);
    expect(Buffer.compare(find(0, 'answerReceived')!.body, body)).toBe(0);
    expect(find(1, 'answerSent')).toBeDefined();
  });

  test('a node that moves keeps its links, and the far end is told where it is', () => {
    const { run, perform, find, dial, move } = setup(open());
    const link = dial(1);
    const elsewhere = { host: '10.9.0.1', port: 1 };
    move(0, elsewhere);
    perform(0, { type: 'ask', link, ask: askId(1), request: Uint8Array.of(1), bodyBytesMax: 0 });
    run(30_000);
    expect(find(1, 'requestReceived')).toBeDefined();
    expect(find(1, 'linkMoved')).toMatchObject({ address: elsewhere });
    expect(find(0, 'linkMoved')).toBeUndefined();
  });

  test('a node that vanishes is noticed, and can be linked again when it is back', () => {
    const { run, find, dial, stop, start } = setup(open());
    dial(1);
    stop(1);
    run(120_000);
    expect(find(0, 'linkClosed')).toBeDefined();
    start(1);
    expect(dial(2)).toBeDefined();
  });

  test('a dial to nobody fails', () => {
    const { run, perform, find } = setup(open());
    perform(0, { type: 'dial', dial: 9, address: { host: '10.9.9.9', port: 1 } });
    run(120_000);
    expect(find(0, 'dialFailed')).toMatchObject({ dial: 9 });
  });
});
