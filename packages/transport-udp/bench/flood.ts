// What a flood of first packets from many addresses leaves of an established transfer on loopback, in MB/s:
//   npm run bench -- transport/flood [options]
//   --rate 20000      first packets a second, of 1,200 bytes, each another stranger's
//   --rounds 8 --seconds 1.5
//   --plain           without segmentation offload
//   --json            one line
// One transfer goes on all the time. It is measured in turns in peace; while the flooder sends to a socket of its own that
// nobody reads (what its own work takes from the machine); and while it sends to the endpoint that receives the transfer.

import { type ChildProcess, fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Address, invariant } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import { firstDatagramBytes, writeHandshakePacket } from '../src/handshake/handshake-packet.ts';
import { loadForeignCalls } from '../src/node/foreign-calls.ts';
import { openEndpoint } from '../src/node/index.ts';
import { encodeAddress } from '../src/node/socket-address.ts';
import { socketCalls } from '../src/node/socket-calls.ts';
import { noConnectionId, viewOf } from '../src/packet/header.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1.5' },
    plain: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    role: { type: 'string' },
  },
});
const rate = Number(values.rate);
const offload = !values.plain;
const windows = ['peace', 'elsewhere', 'flood'] as const;
type Window = (typeof windows)[number];
/** 127.x.y.z, each with a socket: what the kernel lets a user bind, and answers go nowhere. */
const sourcesMax = 256;
const [afInet, sockDgramCloexec] = [2, 2 | 0o2000000];

const start = (role: string): ChildProcess => fork(import.meta.filename, [...process.argv.slice(2), '--role', role]);

const next = async <T>(from: ChildProcess): Promise<T> => ((await once(from, 'message')) as [T])[0];

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

const spread = (list: readonly number[]): string =>
  `${median(list).toFixed(0)} (${Math.min(...list).toFixed(0)}–${Math.max(...list).toFixed(0)})`;

const roles = { receive, send, flood, ignore };
if (values.role !== undefined) await roles[values.role as keyof typeof roles]();
else await measure();

// The processes. Each says on what it listens, and answers questions.

async function receive(): Promise<void> {
  const endpoint = await openEndpoint({ host: '127.0.0.1', offload });
  let bytes = 0;
  process.send!(endpoint.address);
  process.on('message', () =>
    process.send!({ bytes, at: performance.now(), rss: process.memoryUsage().rss, ...endpoint.stats }),
  );
  for await (const connection of endpoint.connections())
    void (async () => {
      for await (const stream of connection.streams())
        for (let part = await stream.read(); part !== undefined; part = await stream.read()) {
          bytes += part.length;
          stream.recycle(part);
        }
    })();
}

async function send(): Promise<void> {
  const endpoint = await openEndpoint({ host: '127.0.0.1', offload });
  const [to] = (await once(process, 'message')) as [Address];
  const stream = await (await endpoint.dial(to)).openStream();
  const chunk = new Uint8Array(2 ** 20);
  for (;;) await stream.write(chunk);
}

async function flood(): Promise<void> {
  const calls = socketCalls((await loadForeignCalls())!)!;
  const encode = (address: Address): Uint8Array => encodeAddress(calls, address, 4)!;
  const sources = Array.from({ length: sourcesMax }, (_, i) => {
    const fd = calls.socket(afInet, sockDgramCloexec, 0);
    invariant(fd >= 0 && calls.bind(fd, encode({ host: `127.1.${i}.1`, port: 0 }), 16) === 0, 'a socket binds');
    return fd;
  });
  // All say the same under another name: it must cost the flooder as little as can be.
  const packet = new Uint8Array(firstDatagramBytes);
  const first = {
    to: noConnectionId,
    source: noConnectionId,
    step: 1,
    message: randomBytes(32),
    token: new Uint8Array(),
  };
  writeHandshakePacket(packet, first, packet.length);
  const view = viewOf(packet);
  const length = BigInt(packet.length);
  const task = { to: undefined as Uint8Array | undefined, sent: 0, began: 0 };
  process.on('message', (address: Address | 'stop') => {
    task.to = address === 'stop' ? undefined : encode(address);
    [task.sent, task.began] = [0, performance.now()];
  });
  process.send!('ready');
  for (;;) {
    await sleep(1);
    if (task.to === undefined) continue;
    for (const due = ((performance.now() - task.began) * rate) / 1_000; task.sent < due; task.sent += 1) {
      view.setUint32(11, Math.imul(task.sent + 1, 0x9e3779b1)); // the first half of its connection id
      calls.sendto(sources[task.sent % sourcesMax]!, packet, length, 0, task.to, 16);
    }
  }
}

/** A socket that nobody reads: this process is stopped at once. */
async function ignore(): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  process.send!({ host: '127.0.0.1', port: socket.address().port });
}

// What is made of them.

interface Count {
  readonly bytes: number;
  readonly at: number;
  readonly rss: number;
  readonly connections: number;
  readonly kernelDrops: number | undefined;
  readonly retriesSent: number;
  readonly handshakesRefused: number;
}

async function measure(): Promise<void> {
  const [receiver, sender, flooder, ignorer] = [start('receive'), start('send'), start('flood'), start('ignore')];
  const [address, elsewhere] = await Promise.all([next<Address>(receiver), next<Address>(ignorer), next(flooder)]);
  ignorer.kill('SIGSTOP');
  sender.send(address);
  const count = (): Promise<Count> => {
    receiver.send('count');
    return next<Count>(receiver);
  };
  await sleep(1_000);
  const before = await count();
  const speeds: Record<Window, number[]> = { peace: [], elsewhere: [], flood: [] };
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const i of windows.keys()) {
      const window = windows[(i + round) % windows.length]!;
      flooder.send(window === 'flood' ? address : window === 'elsewhere' ? elsewhere : 'stop');
      await sleep(100);
      const [from, , to] = [await count(), await sleep(1_000 * Number(values.seconds)), await count()];
      speeds[window].push((to.bytes - from.bytes) / (to.at - from.at) / 1_000);
    }
  const after = await count();
  for (const child of [receiver, sender, flooder, ignorer]) child.kill('SIGKILL');
  report(speeds, before, after);
}

function report(speeds: Record<Window, number[]>, before: Count, after: Count): void {
  const ratio = (window: Window): number => median(speeds.flood.map((speed, i) => speed / speeds[window][i]!));
  const answered = after.retriesSent - before.retriesSent;
  const dropped = after.handshakesRefused - before.handshakesRefused;
  const kernelDrops = (after.kernelDrops ?? 0) - (before.kernelDrops ?? 0);
  const memoryMB = (after.rss - before.rss) / 1e6;
  const figures = {
    ofElsewhere: ratio('elsewhere'),
    ofPeace: ratio('peace'),
    answered,
    dropped,
    kernelDrops,
    memoryMB,
  };
  if (values.json) process.stdout.write(`${JSON.stringify({ rate, ...figures, speeds })}\n`);
  else
    process.stdout.write(
      `${windows.map((window) => `${window.padEnd(10)}${spread(speeds[window])} MB/s`).join('\n')}\n` +
        `flooded at ${rate} first packets/s it keeps ${percent(figures.ofElsewhere)} of what the flood elsewhere leaves, ` +
        `${percent(figures.ofPeace)} of peace\n` +
        `answered with a token ${answered}, dropped ${dropped}, and ${kernelDrops} datagrams of anybody in the socket; connections ${after.connections}; memory ${memoryMB.toFixed(1)} MB more\n`,
    );
}
