// How well rate limits are kept on real sockets: npm run bench -- limits [--seconds 10] [--rate 5000000]
// Limits of sender and of receiver, for a transfer alone and for the whole peer (two transfers at once). After a second to get
// going, what has arrived in so many seconds, beside what the limit lets through in them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { seededRng } from '@shoal/machine';
import type { RateLimits } from '@shoal/peer';
import { openPeer, type RunningPeer, type Transfer } from '@shoal/peer/node';
import { openLinks } from '@shoal/transport-udp/node';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, rate: { type: 'string', default: '5000000' } },
});
const [seconds, rate] = [Number(values.seconds), Number(values.rate)];
const folder = mkdtempSync(join(tmpdir(), 'shoal-limits-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const up: RateLimits = { upBytesPerSecondMax: rate };
const down: RateLimits = { downBytesPerSecondMax: rate };

interface Case {
  readonly name: string;
  /** Of the whole peer that sends or receives. */
  readonly owner?: RateLimits;
  readonly receiver?: RateLimits;
  /** Of each transfer alone. */
  readonly share?: RateLimits;
  readonly get?: RateLimits;
  readonly transfers: number;
}

const cases: readonly Case[] = [
  { name: 'sender, one transfer', share: up, transfers: 1 },
  { name: 'receiver, one transfer', get: down, transfers: 1 },
  { name: 'sender, whole peer of two transfers', owner: up, transfers: 2 },
  { name: 'receiver, whole peer of two transfers', receiver: down, transfers: 2 },
];

const newPeer = async (limits: RateLimits | undefined): Promise<RunningPeer> =>
  openPeer({ links: await openLinks({ host: '127.0.0.1' }), discovery: false, ...(limits && { limits }) });

/** What arrived, in bytes a second. */
async function measure({ name, owner, receiver, share, get, transfers }: Case): Promise<number> {
  await using from = await newPeer(owner);
  await using to = await newPeer(receiver);
  const running: Transfer[] = [];
  for (let n = 0; n < transfers; n += 1) {
    const path = join(folder, `${name} ${n}`);
    writeFileSync(path, seededRng(path).bytes(rate * (seconds + 5)));
    const { ticket } = await from.share({ path, ...(share && { limits: share }) });
    running.push(to.get(ticket, { destination: `${path} copy`, ...(get && { limits: get }) }));
  }
  const received = (): number => running.reduce((sum, transfer) => sum + transfer.progress().receivedBytes, 0);
  await wait(1_000);
  const [before, startedAt] = [received(), performance.now()];
  await wait(seconds * 1_000);
  return ((received() - before) / (performance.now() - startedAt)) * 1_000;
}

process.stdout.write(`limit ${rate} bytes a second, over ${seconds} s\n`);
for (const one of cases) {
  const measured = await measure(one);
  const off = ((measured / rate - 1) * 100).toFixed(2);
  process.stdout.write(`${one.name.padEnd(40)} ${(measured / 1e6).toFixed(3)} MB/s  ${off} %\n`);
}
