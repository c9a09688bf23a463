// How many messages a second the codec turns into bytes and back, beside msgpackr alone on the same arrays: the
// difference is what the checks cost. Run: node -C @shoal/source packages/wire/bench/codec.ts

import { peerId } from '@shoal/machine';
import { Packr, Unpackr } from 'msgpackr';
import { contactBytes, decode, encode, type Message, swarmId, writeContact } from '../src/index.ts';

const swarm = swarmId('a1'.repeat(32))!;
const peer = peerId('b2'.repeat(32))!;
const contacts = new Uint8Array(50 * contactBytes);
for (let i = 0; i < 50; i += 1)
  writeContact({ host: `192.0.2.${i}`, port: 4001 + i }, peer, contacts, i * contactBytes);

const cases: readonly (readonly [string, Message])[] = [
  ['chunk request', { type: 'chunkRequest', swarm, chunk: 12_345 }],
  ['have, 16 chunks', { type: 'have', swarm, chunks: Array.from({ length: 16 }, (_, i) => 1_000 * i) }],
  ['join, 10,000 chunks', { type: 'join', swarm, bits: new Uint8Array(1_250).fill(0xa5), offering: false }],
  [
    'announce reply, 50 peers',
    { type: 'announceReply', intervalMs: 30_000, swarms: [{ known: 'yes', peers: contacts }] },
  ],
];

const roundMs = 200;

/** Calls a second, the best of three rounds. */
function perSecond(call: () => unknown): number {
  let best = 0;
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < roundMs) {
      for (let i = 0; i < 100; i += 1) call();
      calls += 100;
    }
    best = Math.max(best, (calls / (performance.now() - start)) * 1_000);
  }
  return best;
}

const options = { useRecords: false, moreTypes: false, int64AsType: 'number' } as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);
const thousands = (rate: number): string =>
  Math.round(rate / 1_000)
    .toLocaleString('en')
    .padStart(8);

process.stdout.write('thousand messages/s            bytes    encode    decode   msgpackr alone: pack, unpack\n');
for (const [name, message] of cases) {
  const bytes = encode(message);
  const values: unknown = unpackr.unpack(bytes);
  const rates = [
    () => encode(message),
    () => decode(bytes),
    () => packr.pack(values),
    (): unknown => unpackr.unpack(bytes),
  ].map((call) => thousands(perSecond(call)));
  process.stdout.write(`${name.padEnd(26)} ${String(bytes.length).padStart(9)}  ${rates.join('  ')}\n`);
}
