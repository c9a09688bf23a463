// How many bytes the next release of a package needs where the one before is already: ours beside a reference
// implementation of FastCDC, chunks of one size, and rsync. Run: npm run bench -- delta [--json] [PACKAGE…]
// Releases come from the npm registry into a cache folder; without a network those not there are named as missing.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { digestAt, type ManifestDocument } from '@shoal/chunker';
import { createManifest, plan, scanFiles } from '@shoal/chunker/node';
import { toHex } from '@shoal/machine';

const pairs: readonly (readonly [name: string, before: string, after: string])[] = [
  ['typescript', '5.9.2', '5.9.3'],
  ['typescript', '5.8.3', '5.9.2'],
  ['@angular/core', '20.0.0', '20.0.1'],
  ['@angular/core', '20.0.0', '20.1.0'],
  ['three', '0.170.0', '0.171.0'],
  ['three', '0.178.0', '0.179.1'],
  ['lodash', '4.17.20', '4.17.21'],
];

/** What both content-defined chunkers are asked for. */
const averageBytes = 32_768;

const cache = join(tmpdir(), 'shoal-bench-releases');

interface Figures {
  /** Different chunks that are not there; so of the reference. */
  readonly ours: number;
  /** What `shoal get --update` fetches: a chunk that the new release has twice, twice. */
  readonly fetched: number;
  readonly reference: number | undefined;
  readonly fixed: number;
  readonly rsync: number | undefined;
}

interface Row extends Figures {
  readonly name: string;
  readonly form: 'folder' | 'tar';
  readonly bytes: number;
}

type Cut = (bytes: Uint8Array, min: number, average: number, max: number) => Uint32Array;

/** The `fastcdc` crate in WebAssembly; undefined where it is not installed. */
async function loadReference(): Promise<Cut | undefined> {
  try {
    const name = '@dstanesc/wasm-chunking-fastcdc-node';
    return ((await import(name)) as { compute_chunks: Cut }).compute_chunks;
  } catch {
    return undefined; // an optional dependency of the benches: told in the report
  }
}

/** The release unpacked and as a tar, from the cache or the registry; undefined when neither has it. */
function release(name: string, version: string): { folder: string; tar: string } | undefined {
  const root = join(cache, `${name.replace('/', '-')}-${version}`);
  const answer = { folder: join(root, 'package'), tar: join(root, 'package.tar') };
  if (existsSync(root)) return answer;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, '.draft-'));
  const packed = spawnSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: draft, encoding: 'utf8' });
  const file = packed.stdout.trim().split('\n').at(-1) ?? '';
  const tar = join(draft, 'package.tar');
  const isThere = packed.status === 0 && file !== '';
  if (isThere) writeFileSync(tar, gunzipSync(readFileSync(join(draft, file))));
  if (!isThere || spawnSync('tar', ['-xf', tar, '-C', draft]).status !== 0) {
    rmSync(draft, { recursive: true });
    return undefined;
  }
  rmSync(join(draft, file));
  renameSync(draft, root);
  return answer;
}

async function documentOf(path: string, chunking: 'fixed' | 'contentDefined'): Promise<ManifestDocument> {
  return (await createManifest(path, { chunking, chunkBytes: averageBytes })).document;
}

function missingIn(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let missing = 0;
  for (const [digest, bytes] of after) if (!before.has(digest)) missing += bytes;
  return missing;
}

const chunksOf = ({ digests, layout }: ManifestDocument): Map<string, number> =>
  new Map(
    Array.from({ length: layout.chunkCount }, (_, chunk) => [
      toHex(digestAt(digests, chunk)),
      layout.sizeOfChunk(chunk),
    ]),
  );

/** The files in the same order as one stream, as a reader of a tar has them. */
async function chunksByReference(path: string, cut: Cut): Promise<Map<string, number>> {
  const { files } = await scanFiles(path);
  const bytes = Buffer.concat(files.map(({ diskPath }) => readFileSync(diskPath)));
  const chunks = new Map<string, number>();
  let start = 0;
  for (const end of cut(bytes, averageBytes / 4, averageBytes, averageBytes * 4)) {
    if (end > start) chunks.set(createHash('sha256').update(bytes.subarray(start, end)).digest('hex'), end - start);
    start = end;
  }
  return chunks;
}

/** Literal data, as rsync counts it; undefined where there is no rsync. */
function missingByRsync(before: string, after: string, isFolder: boolean): number | undefined {
  const scratch = mkdtempSync(join(tmpdir(), 'shoal-bench-rsync-'));
  try {
    const target = join(scratch, 'target');
    cpSync(before, target, { recursive: true });
    const slash = isFolder ? '/' : '';
    const args = ['-r', '--ignore-times', '--no-whole-file', '--stats', after + slash, target + slash];
    const { stdout } = spawnSync('rsync', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    const literal = /Literal data: ([\d,.]+)/.exec(stdout ?? '')?.[1];
    return literal === undefined ? undefined : Number(literal.replaceAll(/\D/g, ''));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function compare(before: string, after: string, isFolder: boolean, cut: Cut | undefined): Promise<Figures> {
  const document = await documentOf(after, 'contentDefined');
  return {
    ours: missingIn(chunksOf(await documentOf(before, 'contentDefined')), chunksOf(document)),
    fetched: (await plan(before, document)).missingBytes,
    reference: cut && missingIn(await chunksByReference(before, cut), await chunksByReference(after, cut)),
    fixed: (await plan(before, await documentOf(after, 'fixed'))).missingBytes,
    rsync: missingByRsync(before, after, isFolder),
  };
}

const kB = (bytes: number | undefined): string => (bytes === undefined ? '-' : String(Math.round(bytes / 1000)));

function tell(row: Row): void {
  const { name, form, bytes, ours, fetched, reference, fixed, rsync } = row;
  const ratio = reference === undefined ? '-' : (ours / Math.max(1, reference)).toFixed(3);
  const cells = [name, form, kB(bytes), kB(ours), kB(reference), ratio, kB(fetched), kB(fixed), kB(rsync)];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

const args = process.argv.slice(2);
const wanted = args.filter((arg) => !arg.startsWith('--'));
const cut = await loadReference();
const missing: string[] = [];
const sums = { ours: 0, reference: 0 };
if (!args.includes('--json'))
  process.stdout.write(
    `kB to fetch, chunks of ${averageBytes} bytes on average\n\n| releases | as | kB | ours | FastCDC | ours ÷ it | fetched | one size | rsync |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n`,
  );
for (const [name, before, after] of pairs) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const [older, newer] = [release(name, before), release(name, after)];
  if (older === undefined || newer === undefined) {
    missing.push(`${name} ${before} or ${after}`);
    continue;
  }
  for (const form of ['folder', 'tar'] as const) {
    const [from, to] = [older[form], newer[form]];
    const bytes = (await scanFiles(to)).files.reduce((sum, file) => sum + file.bytes, 0);
    const row = {
      name: `${name} ${before} to ${after}`,
      form,
      bytes,
      ...(await compare(from, to, form === 'folder', cut)),
    };
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(row)}\n`);
    else tell(row);
    sums.ours += row.ours;
    sums.reference += row.reference ?? 0;
  }
}
if (cut === undefined) process.stderr.write('FastCDC is missing: its package is not installed\n');
else process.stderr.write(`\nall together: ours ÷ FastCDC is ${(sums.ours / sums.reference).toFixed(3)}\n`);
if (missing.length > 0) process.stderr.write(`missing, neither in the cache nor reachable: ${missing.join(', ')}\n`);
