import { instant, linkId } from '@shoal/machine';
import type { PeerMessage, SwarmId } from '@shoal/wire';
import { expect, test } from 'vitest';
import type { SwarmHost } from '../src/host.ts';
import { Members } from '../src/members.ts';
import { Tally } from '../src/tally.ts';
import { peerNumber } from './support/remotes.ts';

const swarm = 'a'.repeat(64) as SwarmId;

test('who never answered is told on leaving what we hold by then', () => {
  const sent: [link: number, PeerMessage][] = [];
  const host: Partial<SwarmHost> = {
    send: (link, message) => void sent.push([link, message]),
    contactsFor: () => [],
    emit: () => undefined,
  };
  let held = 0;
  const members = new Members({
    swarm,
    host: host as SwarmHost,
    tally: new Tally(instant(0)),
    offering: false,
    neighbours: undefined,
    visibleBits: () => Uint8Array.of(held),
  });
  const [silent, answers] = [linkId(1), linkId(2)];
  for (const link of [silent, answers]) members.greetOnce(link);
  const address = { host: '10.0.0.1', port: 2 };
  const remote = members.joined({ link: answers, peer: peerNumber(2), address, ours: true } as never)!;
  remote.knowsOurs = true;
  held = 255;
  sent.length = 0;
  members.part();
  expect(sent).toEqual([
    [silent, { type: 'join', swarm, bits: Uint8Array.of(255), offering: false }],
    [silent, { type: 'part', swarm }],
    [answers, { type: 'part', swarm }],
  ]);
});
