// A file that nobody has a manifest of: peers claim its chunks through the client that every peer has, and the tracker
// makes the manifest that one of them would have made alone.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createManifest } from '@shoal/chunker/node';
import { Bitfield, Driver, LinkNumbers, parseAddress, seededRng } from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import { TrackerClient, type TrackerClientEvent, type TrackerClientOutput } from '@shoal/tracker';
import { askTracker } from '@shoal/tracker/node';
import { openLinks } from '@shoal/transport-udp/node';
import { draftOffer } from '@shoal/wire';
import { expect, test } from 'vitest';
import { playTracker, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

/** A client of its own identity, and what it has told. */
async function openClient(address: string) {
  const links = await openLinks({ host: '127.0.0.1' });
  const told: TrackerClientEvent[] = [];
  const tracker = parseAddress(address)!;
  const client = new TrackerClient({ tracker, numbers: new LinkNumbers(), rng: seededRng(links.peer) });
  const driver = new Driver<TrackerClientOutput, TrackerClient>(client, nodeClock, (output) => {
    if (output.type === 'linkOrder') links.perform(output.order);
    else told.push(output);
  });
  links.listen((fact) => driver.tell((machine, now) => machine.handleFact(fact, now)));
  driver.tell((machine, now) => machine.setListenPort(links.address.port, now));
  return {
    links,
    driver,
    standings: () => told.flatMap((event) => (event.type === 'claimed' ? event.chunks : [])),
    async [Symbol.asyncDispose]() {
      driver.stop();
      await links.close();
    },
  };
}

test('check list, chunk list, manifest: two clients that agree make the swarm that one would have shared', async () => {
  const path = join(folder, 'thesis.bin');
  writeFileSync(
    path,
    Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 9)) % 251),
  );
  const { document } = await createManifest(path);
  const { manifest, digests, layout, swarmId } = document;
  const chunkBytes = layout.sizeOfChunk(0);
  const offer = draftOffer({ name: manifest.name, bytes: layout.totalBytes, chunkBytes })!;
  expect(offer.chunkCount).toBe(layout.chunkCount);
  const chunks = Array.from({ length: offer.chunkCount }, (_, chunk) => chunk);

  const { address } = await playTracker();
  await using first = await openClient(address);
  await using second = await openClient(address);
  await using asking = await openLinks({ host: '127.0.0.1' });
  const listed = async () => {
    const request = { type: 'fileList', filter: 'thesis', offset: 0 } as const;
    return (await askTracker(asking, parseAddress(address)!, request)).reply.files[0];
  };
  const locations = async () => {
    const request = { type: 'fileLocations', file: { swarm: offer.swarm } } as const;
    return (await askTracker(asking, parseAddress(address)!, request)).reply;
  };

  first.driver.tell((client, now) => client.join(offer, Bitfield.full(offer.chunkCount), now, digests));
  await expect.poll(() => first.standings()).toEqual(chunks.map((chunk) => ({ chunk, standing: 'checkList' })));
  expect((await listed())?.derived).toBeUndefined();
  expect((await locations()).holders).toHaveLength(0); // one voice: nobody is sent to it

  // The second has all but the last chunk at first, and gets that later.
  const held = Bitfield.full(offer.chunkCount);
  held.clear(offer.chunkCount - 1);
  second.driver.tell((client, now) => client.join(offer, held, now, digests));
  await expect.poll(() => second.standings()).toHaveLength(offer.chunkCount - 1);
  expect(second.standings().every(({ standing }) => standing === 'chunkList')).toBe(true);
  expect((await listed())?.derived).toBeUndefined();
  second.driver.tell((client, now) => client.chunksHeld(offer.swarm, chunks.slice(-1), now));
  await expect.poll(async () => (await listed())?.derived).toBe(swarmId);
});
