// How fast the manifest of a warm file is made, beside reading that file alone and the tools this machine has.
// Run: npm run bench -- chunker/manifest [FILE]  (without FILE, 1 GiB of made-up bytes in the temporary folder)

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadWasmHashes } from '../src/index.ts';
import { createManifest } from '../src/node/index.ts';

const rounds = 5;
const sampleBytes = 2 ** 30;

function sampleFile(folder: string): string {
  const path = join(folder, 'sample');
  const block = Uint8Array.from({ length: 2 ** 20 }, (_, index) => (Math.imul(index, 2_654_435_761) >>> 13) & 255);
  const fd = openSync(path, 'w');
  for (let at = 0; at < sampleBytes; at += block.length) {
    new DataView(block.buffer).setUint32(0, at); // no two blocks alike
    writeSync(fd, block);
  }
  closeSync(fd);
  return path;
}

function readThrough(path: string, use: (bytes: Uint8Array) => unknown): void {
  const buffer = new Uint8Array(2 ** 20);
  const fd = openSync(path, 'r');
  for (let bytes = readSync(fd, buffer); bytes > 0; bytes = readSync(fd, buffer)) use(buffer.subarray(0, bytes));
  closeSync(fd);
}

/** The median of some rounds after one to warm up, in MB/s. */
async function rate(bytes: number, round: () => unknown): Promise<number> {
  await round();
  const times: number[] = [];
  for (let n = 0; n < rounds; n += 1) {
    const started = performance.now();
    await round();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return bytes / times[Math.floor(rounds / 2)]! / 1000;
}

const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
try {
  const path = process.argv[2] ?? sampleFile(folder);
  const bytes = statSync(path).size;
  const wasm = await loadWasmHashes();
  const cases: [string, () => unknown][] = [
    ['reading alone, one thread', () => readThrough(path, () => 0)],
    ['BLAKE3, one thread', () => createManifest(path, { threads: 1 })],
    [`BLAKE3, ${availableParallelism()} threads`, () => createManifest(path)],
    ['SHA-256, one thread', () => createManifest(path, { hash: 'sha256', threads: 1 })],
    [`SHA-256, ${availableParallelism()} threads`, () => createManifest(path, { hash: 'sha256' })],
    ['BLAKE3 by WebAssembly, 1 MiB pieces, one thread', () => readThrough(path, (piece) => wasm.blake3.digest(piece))],
  ];
  for (const tool of ['b3sum', 'sha256sum'])
    if (spawnSync(tool, ['--version']).status === 0) cases.push([tool, () => spawnSync(tool, [path])]);
  process.stdout.write(`${bytes} bytes, median of ${rounds}\n`);
  for (const [name, round] of cases)
    process.stdout.write(`${String(Math.round(await rate(bytes, round))).padStart(7)} MB/s  ${name}\n`);
  process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most in memory\n`);
} finally {
  rmSync(folder, { recursive: true });
}
