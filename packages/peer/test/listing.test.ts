import { writeFile } from 'node:fs/promises';
import { askTracker } from '@shoal/tracker/node';
import { expect, test } from 'vitest';
import { TestMachine } from './support/machine.ts';

test('a peer tells whoever asks it what it takes part in, as far as that is no secret', async () => {
  await using machine = await TestMachine.start();
  await writeFile(machine.path('open.bin'), 'a'.repeat(1000));
  await writeFile(machine.path('secret.bin'), 'b'.repeat(1000));
  const peer = await machine.newPeer();
  const share = await peer.share({ path: machine.path('open.bin'), listed: true });
  await peer.share({ path: machine.path('secret.bin') });
  const links = machine.newLinks();
  const ask = async (filter: string) =>
    (await askTracker(links, peer.address, { type: 'fileList', filter, offset: 0 })).reply;
  const listing = { name: 'open.bin', swarm: share.swarm, bytes: 1000, chunkCount: 5, seeders: 1, leechers: 0 };
  expect(await ask('')).toEqual({ type: 'fileListReply', total: 1, files: [listing] });
  expect(await ask('secret')).toEqual({ type: 'fileListReply', total: 0, files: [] });
});
