// A peer that sends wrong chunks or rubbish, between real processes: the copy is right all the same, and nothing wrong
// is kept or passed on.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import { describe, expect, test } from 'vitest';
import type { ChildEvent } from '../src/demo/cast.ts';
import { play, playTracker, temporaryFolder } from './programs.ts';
import { openBabbler, openLiar } from './rogue.ts';

const folder = temporaryFolder();
const content = join(folder, 'content');
writeFileSync(content, seededRng('content').bytes(100 * 102_400));

/** An owner, and a receiver that also knows the rogue at `address`; everything the receiver said. */
async function getBeside(
  rogue: (sharing: ChildEvent) => Promise<string>,
): Promise<{ events: ChildEvent[]; copy: string }> {
  const tracker = await playTracker();
  const owner = play('share', content, '--tracker', tracker.address, '--listen', '127.0.0.1:0');
  const sharing = await owner.next('sharing');
  const address = await rogue(sharing);
  const copy = join(folder, `copy-${address.replace(':', '-')}`);
  const get = play('get', String(sharing['ticket']), '-o', copy, '--peer', address);
  const events: ChildEvent[] = [];
  get.listen((event) => void (event && events.push(event)));
  expect(await get.ended()).toBe(0);
  return { events, copy };
}

describe('beside an owner', () => {
  test('a peer that sends wrong chunks is named and banned, and the copy is right', async () => {
    const { events, copy } = await getBeside(async ({ swarm, chunks }) => {
      const pretence = { swarm: swarm as SwarmId, chunkCount: Number(chunks), chunkBytes: 102_400 };
      return (await openLiar(pretence)).address;
    });
    expect(readFileSync(copy)).toEqual(readFileSync(content));
    expect(events.findLast(({ event }) => event === 'struck')).toMatchObject({ banned: true });
  });

  test('a peer that sends rubbish changes nothing', async () => {
    const { copy } = await getBeside(async () => (await openBabbler(seededRng('rubbish').bytes(500))).address);
    expect(readFileSync(copy)).toEqual(readFileSync(content));
  });
});
