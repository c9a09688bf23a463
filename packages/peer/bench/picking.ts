// What one pick costs as chunks and peers grow, beside a plain search over all chunks: for a remote that has everything,
// and for a poor one that has 10 chunks. Run: npm run bench -- peer

import { Bitfield, type Rng, seededRng } from '@shoal/machine';
import { Availability } from '../src/availability.ts';
import { RarestFirst } from '../src/picking/rarest-first.ts';

const sizes = [
  { chunks: 1_000, peers: 10 },
  { chunks: 10_000, peers: 50 },
  { chunks: 100_000, peers: 50 },
  { chunks: 100_000, peers: 500 },
];
const roundMs = 300;

/** Each peer holds half of everything, chosen at random. */
function someHalf(chunks: number, rng: Rng): Bitfield {
  const held = new Bitfield(chunks);
  for (let chunk = 0; chunk < chunks; chunk += 1) if (rng.chance(0.5)) held.set(chunk);
  return held;
}

/** Microseconds a call, the best of three rounds. */
function microsPer(call: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    let calls = 0;
    for (; performance.now() - start < roundMs; calls += 1) call();
    best = Math.min(best, ((performance.now() - start) * 1_000) / calls);
  }
  return best;
}

function plainSearch(free: Bitfield, copies: Availability, held: Bitfield): number | undefined {
  let best: number | undefined;
  for (const chunk of free.common(held))
    if (best === undefined || copies.copies(chunk) < copies.copies(best)) best = chunk;
  return best;
}

process.stdout.write('µs a pick               rich remote            poor remote         one have\n');
process.stdout.write('chunks   peers    ours   plain search     ours   plain search         ours\n');
for (const { chunks, peers } of sizes) {
  const rng = seededRng(`${chunks} ${peers}`);
  const policy = new RarestFirst(chunks, rng);
  for (let chunk = 0; chunk < chunks; chunk += 1) policy.add(chunk, 0);
  const copies = new Availability(chunks, (chunk, count) => policy.setCopies(chunk, count));
  for (let peer = 0; peer < peers; peer += 1) copies.addAll(someHalf(chunks, rng));
  const free = Bitfield.full(chunks);
  const rich = Bitfield.full(chunks);
  const poor = new Bitfield(chunks);
  for (let i = 0; i < 10; i += 1) poor.set(rng.below(chunks));
  const figures = [
    microsPer(() => policy.pick(rich)),
    microsPer(() => plainSearch(free, copies, rich)),
    microsPer(() => policy.pick(poor)),
    microsPer(() => plainSearch(free, copies, poor)),
    microsPer(() => {
      const chunk = rng.below(chunks);
      copies.add(chunk);
      copies.remove(chunk);
    }) / 2,
  ].map((micros) => micros.toFixed(2));
  const [a, b, c, d, e] = figures.map((figure, i) => figure.padStart([9, 14, 10, 14, 14][i]!));
  process.stdout.write(`${String(chunks).padEnd(8)} ${String(peers).padEnd(4)}${a}${b}${c}${d}${e}\n`);
}
