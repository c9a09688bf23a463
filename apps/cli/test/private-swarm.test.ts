// A private swarm on real sockets: who lacks its key gets nothing, whatever else it knows: ticket, address, tracker.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTicket } from '@shoal/chunker';
import { type Address, seededRng } from '@shoal/machine';
import { openPeer, type RunningPeer } from '@shoal/peer/node';
import { openTracker } from '@shoal/tracker/node';
import { type NodeLinks, openLinks } from '@shoal/transport-udp/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const path = join(folder, 'content');
const bytes = seededRng('private').bytes(300_000);
writeFileSync(path, bytes);

const key = new Uint8Array(32).fill(1);
const links = (psk?: Uint8Array): Promise<NodeLinks> => openLinks({ host: '127.0.0.1', ...(psk && { psk }) });

async function peerWith(psk: Uint8Array | undefined, trackers: readonly Address[] = []): Promise<RunningPeer> {
  const peer = await openPeer({ links: await links(psk), trackers, discovery: false });
  onTestFinished(() => peer.close());
  return peer;
}

describe('a private swarm', () => {
  test('is closed to strangers who have the ticket, and open to friends, found by a tracker and by one another', async () => {
    const tracker = openTracker({ links: await links(key) });
    onTestFinished(() => tracker.close());
    const owner = await peerWith(key, [tracker.address]);
    const { ticket, swarm } = await owner.share({ path });
    const parsed = parseTicket(ticket);
    expect(parsed).toMatchObject({ ok: true, value: { swarmId: swarm, trackers: [tracker.address] } });

    const strangers = [await peerWith(undefined), await peerWith(new Uint8Array(32).fill(2))];
    const refused = strangers.map((stranger, i) =>
      stranger.get(ticket, { destination: join(folder, `stranger ${i}`), timeoutMs: 4_000 }),
    );
    const friends = [await peerWith(key), await peerWith(key)];
    const copies = friends.map((friend, i) =>
      friend.get(ticket, { destination: join(folder, `friend ${i}`), seed: true }),
    );
    for (const copy of copies) expect(readFileSync((await copy.done).destination).equals(bytes)).toBe(true);
    for (const transfer of refused) {
      await expect(transfer.done).rejects.toMatchObject({ code: 'timedOut' });
      expect(transfer.progress()).toMatchObject({ receivedBytes: 0, chunkCount: 0, remotes: [] });
    }
    const known = [owner, ...friends].map(({ peer }) => peer);
    for (const copy of copies) for (const { peer } of copy.progress().remotes) expect(known).toContain(peer);
  });
});
