import { type Address, Bitfield, instant, type LinkId, linkId, type PeerId } from '@shoal/machine';
import type { PeerMessage, SwarmId } from '@shoal/wire';
import { expect, test } from 'vitest';
import { Announcements } from '../src/announcements.ts';
import type { SwarmHost } from '../src/host.ts';

test('whoever hears the same is sent the very same message, so that it is encoded once', () => {
  const swarm = 'a'.repeat(64) as SwarmId;
  const sent = new Map<LinkId, PeerMessage>();
  const host = { send: (link: LinkId, message: PeerMessage) => void sent.set(link, message), chunksHeld: () => {} };
  const remotes = [1, 2, 3].map((number) => ({
    link: linkId(number),
    peer: 'b'.repeat(64) as PeerId,
    address: {} as Address,
    knowsOurs: true,
    isOffering: false,
    has: (chunk: number) => number === 3 && chunk === 1,
  }));
  const held = Bitfield.full(4);
  const options = { swarm, host: host as unknown as SwarmHost, held, remotes: remotes as never };
  const announcements = new Announcements(options);
  announcements.stored(0, false, instant(0));
  announcements.stored(1, false, instant(1));
  announcements.stored(2, true, instant(2));
  const [first, second, third] = [1, 2, 3].map((number) => sent.get(linkId(number)));
  expect(first).toEqual({ type: 'have', swarm, chunks: [1, 2] });
  expect(second).toBe(first);
  expect(third).toEqual({ type: 'have', swarm, chunks: [2] });
});
