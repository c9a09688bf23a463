import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openFileStore } from '../../src/node/file-chunk-store.ts';
import { sampleSet } from '../../src/testing/index.ts';
import { temporaryFolder } from './temporary.ts';

/** A disk of 2 MiB, in memory; undefined where one cannot be made. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync('umount', [folder]));
  return folder;
}

const noDisk = 'only root on Linux can make a small disk';

describe('a disk that fills up', () => {
  test.for<[string, number[]]>([
    ['one file', [1_500_000]],
    ['many small files', Array.from({ length: 150 }, () => 10_000)],
  ])('keeps what is held of %s, and the rest goes on when there is room', async ([, fileBytes], { skip }) => {
    const disk = smallDisk() ?? skip(noDisk);
    const set = sampleSet(fileBytes, 30_000);
    const destination = join(disk, 'copy');
    const store = await openFileStore({ document: set.document, destination });
    await store.writeChunk(0, set.chunks[0]!);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(1_400_000));
    const outcomes = await Promise.allSettled(set.chunks.map((bytes, chunk) => store.writeChunk(chunk, bytes)));
    const failed = outcomes.flatMap((outcome, chunk) => (outcome.status === 'rejected' ? [{ chunk, outcome }] : []));
    expect(failed.length).toBeGreaterThan(10);
    for (const { chunk, outcome } of failed) {
      expect(outcome.reason).toMatchObject({ code: 'diskFull', message: expect.stringContaining('free some space') });
      expect(store.held.has(chunk)).toBe(false);
    }
    for (const chunk of store.held.ones()) expect(await store.readChunk(chunk)).toEqual(set.chunks[chunk]);
    expect(existsSync(destination)).toBe(false);

    rmSync(join(disk, 'filler'));
    for (const { chunk } of failed) expect(await store.writeChunk(chunk, set.chunks[chunk]!)).toBe('stored');
    await store.finish();
    await store.close();
    expect(readFileSync(join(destination, '0000')).equals(set.files[0]!)).toBe(true);
  });

  test('more than fits is told before anything is written', async ({ skip }) => {
    const disk = smallDisk() ?? skip(noDisk);
    const { document } = sampleSet([3_000_000], 100_000);
    await expect(openFileStore({ document, destination: join(disk, 'copy') })).rejects.toMatchObject({
      code: 'diskFull',
    });
  });

  test('not even room for the list of chunks is told as such, and leaves nothing', async ({ skip }) => {
    const disk = smallDisk() ?? skip(noDisk);
    const { document } = sampleSet([20_000], 1);
    for (let n = 0, bytes = 1_048_576; bytes >= 4096; n += 1) {
      try {
        writeFileSync(join(disk, `filler-${n}`), Buffer.alloc(bytes));
      } catch {
        bytes /= 2; // full for this size
      }
    }
    await expect(openFileStore({ document, destination: join(disk, 'copy') })).rejects.toMatchObject({
      code: 'diskFull',
    });
    expect(existsSync(join(disk, '.copy.shoal-partial'))).toBe(false);
  });
});
