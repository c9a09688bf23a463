// A process that registers peers and tells chunks with a file store as fast as it can, and says on stdout which are
// accepted, until it is killed. `node busy-file-store.ts PATH FIRST_PEER`

import { writeSync } from 'node:fs';
import { instant, peerId, seededRng } from '@shoal/machine';
import { swarmId } from '@shoal/wire';
import { FileStore } from '../../src/node/file/file-store.ts';

const [path, first] = process.argv.slice(2);
const store = new FileStore({ path: path!, rng: seededRng('busy'), now: instant(0) });

async function work(number: number): Promise<void> {
  const peer = peerId(number.toString(16).padStart(64, '0'))!;
  const swarm = swarmId((number % 50).toString(16).padStart(64, 'a'))!;
  const offer = { name: `file-${number % 50}`, bytes: 1_000, chunkCount: 10, swarm };
  const address = { host: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`, port: 4_000 };
  const [answer] = await store.register(peer, address, [offer], instant(1));
  if (answer === null) writeSync(1, `${number} -\n`);
  for (const chunk of [number % 10, (number + 5) % 10])
    if ((await store.hold(peer, swarm, { chunks: [chunk] }, instant(1))) === null) writeSync(1, `${number} ${chunk}\n`);
}

for (let next = Number(first); ; next += 8) await Promise.all(Array.from({ length: 8 }, (_, i) => work(next + i)));
