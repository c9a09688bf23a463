import { after, type Instant, instant, linkId, LinkNumbers, type LinkOrder, seededRng } from '@shoal/machine';
import { type SwarmId, swarmId } from '@shoal/wire';
import { expect, test } from 'vitest';
import { Mesh } from '../src/links/mesh.ts';
import { peerNumber } from './support/remotes.ts';

const [one, other] = [swarmId('a'.repeat(64))!, swarmId('b'.repeat(64))!];
const peer = peerNumber(2);
const [here, there] = ['10.0.0.1', '10.0.0.2'].map((host) => ({ address: { host, port: 1 }, peer })) as [never, never];

function newMesh() {
  const orders: LinkOrder[] = [];
  const greeted: SwarmId[] = [];
  const mesh = new Mesh({
    self: peerNumber(1),
    rng: seededRng('mesh'),
    numbers: new LinkNumbers(),
    agent: 'test',
    listenPort: undefined,
    perform: (order) => void orders.push(order),
    send: () => undefined,
    emit: () => undefined,
    metSelf: () => undefined,
    greet: (swarm) => void greeted.push(swarm),
    isIdle: () => false,
    ended: () => undefined,
  });
  const dialled = (now: Instant): string[] => {
    orders.length = 0;
    mesh.dial(now);
    return orders.flatMap((order) => (order.type === 'dial' ? [order.address.host] : []));
  };
  const open = (dial: number, host: string): void =>
    mesh.handleFact({ type: 'linkOpened', link: linkId(dial), peer, address: { host, port: 1 }, dial }, instant(0));
  return { mesh, greeted, dialled, open };
}

test('a peer at two addresses is greeted in the swarms of both', () => {
  const { mesh, greeted, dialled, open } = newMesh();
  mesh.found(one, [here], instant(0));
  mesh.found(other, [there], instant(0));
  expect(dialled(instant(0))).toEqual(['10.0.0.1', '10.0.0.2']);
  open(1, '10.0.0.1');
  expect(greeted.splice(0)).toEqual([one, other]);
  open(2, '10.0.0.2'); // takes the place of the first one
  expect(greeted).toEqual([one, other]);
});

test('an address that was passed over while its peer was linked is dialled when the link has ended', () => {
  const { mesh, dialled, open } = newMesh();
  mesh.found(one, [here], instant(0));
  dialled(instant(0));
  open(1, '10.0.0.1');
  mesh.found(one, [there], instant(0));
  expect(dialled(instant(0))).toEqual([]);
  mesh.handleFact({ type: 'linkClosed', link: linkId(1), code: 'lost' }, instant(0));
  expect(dialled(after(instant(0), 2_000)).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['10.0.0.1', '10.0.0.2']);
});
