// A download stopped at every single boundary of its writing: by a kill, which keeps all that was handed to the system,
// and by a loss of power, which keeps what was synced and whatever else it likes.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesEqual, seededRng } from '@shoal/machine';
import { describe, expect, test, vi } from 'vitest';
import { openFileStore } from '../../src/node/file-chunk-store.ts';
import { type SampleSet, sampleSet } from '../../src/testing/index.ts';
import { type Change, type Loss, replay } from './disk-journal.ts';
import { temporaryFolder } from './temporary.ts';

const { journal, watchedFs, watchedPromises } = await vi.hoisted(async () => {
  const { DiskJournal, watchedFs, watchedPromises } = await import('./disk-journal.ts');
  return { journal: new DiskJournal(), watchedFs, watchedPromises };
});
vi.mock('node:fs', () => watchedFs(journal));
vi.mock('node:fs/promises', () => watchedPromises(watchedFs(journal)));

const syncedBytesMin = 1_048_576; // smaller files may be lost with the power soon after they are finished
const newer = sampleSet([110_000, 40_000, 0, 100], 20_000);
const large = sampleSet([1_100_000, 100], 200_000);
const older = sampleSet([30_000, 20_000], 10_000);

interface Told {
  /** So many changes had been made by then. */
  readonly changes: number;
  readonly chunk: number;
}

interface Recorded {
  readonly changes: readonly Change[];
  readonly told: readonly Told[];
}

/** A download that is closed half-way, gone on with and finished, with everything it does to the disk. */
async function record(set: SampleSet, { update = false } = {}): Promise<Recorded> {
  const folder = temporaryFolder();
  const destination = join(folder, 'copy');
  if (update) writeFiles(older, destination);
  const told: Told[] = [];
  journal.changes.length = 0;
  journal.watch(folder);
  for (const chunks of [set.chunks.slice(0, set.chunks.length >> 1), set.chunks]) {
    const store = await openFileStore({ document: set.document, destination, update });
    for (const [chunk, bytes] of chunks.entries()) {
      await store.writeChunk(chunk, bytes);
      told.push({ changes: journal.changes.length, chunk });
    }
    if (chunks === set.chunks) await store.finish();
    await store.close();
  }
  journal.watch(undefined);
  return { changes: journal.changes.slice(), told };
}

/** A disk on which the first so many changes were made. */
function diskAfter({ changes }: Recorded, count: number, { update = false, ...loss }: Loss & { update?: boolean }) {
  const folder = temporaryFolder();
  if (update) writeFiles(older, join(folder, 'copy'));
  // The process that held the lock is gone.
  const theirs = changes.map((change) =>
    change.type === 'write' && /lock(\.\d+)?$/.test(change.path) ? { ...change, bytes: goneProcess } : change,
  );
  replay(theirs.slice(0, count), folder, loss);
  return folder;
}

const goneProcess = new TextEncoder().encode('4194305 1');

function writeFiles(set: SampleSet, folder: string): void {
  mkdirSync(folder);
  for (const [index, { path }] of set.document.manifest.files.entries())
    writeFileSync(join(folder, path), set.files[index]!);
}

/** Whether the files at a path are those of the set; those below some size need not be right. */
function isWhole(set: SampleSet, folder: string, bytesMin = 0): boolean {
  return set.document.manifest.files.every(
    ({ path, bytes }, index) =>
      bytes < bytesMin ||
      (existsSync(join(folder, path)) && readFileSync(join(folder, path)).equals(set.files[index]!)),
  );
}

/** Goes on from what is there to the end; answers which chunks were held at its beginning. */
async function goOn(set: SampleSet, folder: string, update = false): Promise<Set<number>> {
  const store = await openFileStore({ document: set.document, destination: join(folder, 'copy'), update });
  const held = new Set(store.held.ones());
  for (const chunk of held) expect(bytesEqual(await store.readChunk(chunk), set.chunks[chunk]!)).toBe(true);
  for (const [chunk, bytes] of set.chunks.entries()) await store.writeChunk(chunk, bytes);
  await store.finish();
  await store.close();
  expect(isWhole(set, join(folder, 'copy'))).toBe(true);
  expect(readdirSync(folder)).toEqual(['copy']);
  return held;
}

describe('a download stopped at every boundary of its writing', () => {
  test('by a kill, has all that it told of, and goes on to the end', async () => {
    const recorded = await record(newer);
    expect(recorded.changes.length).toBeGreaterThan(40);
    for (let count = 0; count <= recorded.changes.length; count += 1)
      for (const torn of recorded.changes[count - 1]?.type === 'write' ? [false, true] : [false]) {
        const folder = diskAfter(recorded, count, { torn });
        const isFinished = existsSync(join(folder, 'copy'));
        const held = isFinished ? new Set(newer.chunks.keys()) : await goOn(newer, folder);
        expect(isWhole(newer, join(folder, 'copy'))).toBe(true);
        const expected = recorded.told.filter(({ changes }) => changes <= (torn ? count - 1 : count));
        for (const { chunk } of expected) expect(held).toContain(chunk);
      }
  });

  test('by a loss of power, believes nothing that is not so, and goes on to the end', async () => {
    const recorded = await record(large);
    let finished = 0;
    for (let count = 0; count <= recorded.changes.length; count += 1)
      for (const seed of [`${count} a`, `${count} b`]) {
        const folder = diskAfter(recorded, count, { power: seededRng(seed) });
        const isFinished = existsSync(join(folder, 'copy'));
        if (isFinished) finished += 1;
        else await goOn(large, folder);
        expect(isWhole(large, join(folder, 'copy'), isFinished ? syncedBytesMin : 0), `seed ${seed}`).toBe(true);
      }
    expect(finished).toBeGreaterThan(0);
  });

  test('while an older version is replaced: one of both is there, whole, or is put back', async () => {
    const recorded = await record(newer, { update: true });
    for (let count = 0; count <= recorded.changes.length; count += 1) {
      const folder = diskAfter(recorded, count, { update: true });
      const destination = join(folder, 'copy');
      const store = await openFileStore({ document: newer.document, destination, update: true });
      expect(isWhole(older, destination) || isWhole(newer, destination)).toBe(true);
      await store.close();
      await goOn(newer, folder, true);
    }
  });
});
