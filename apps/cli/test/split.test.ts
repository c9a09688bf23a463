// `shoal split` and `shoal join`, as their users run them.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const [file, parts, copy] = ['file', 'parts', 'copy'].map((name) => join(folder, name)) as [string, string, string];

describe('split and join', () => {
  test('take apart and put together; what is missing or damaged is named', async () => {
    writeFileSync(file, 'x'.repeat(250_001));
    expect(await shoal(['split', file, '-o', parts, '--chunk-size', '50KB', '--hash', 'sha256'])).toMatchObject({
      status: 0,
      stdout: `${parts}\n`,
    });
    expect(readdirSync(parts).toSorted()).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `chunk-${n}`).concat('local_chunks.txt', 'summary.txt'),
    );
    expect(await shoal(['join', parts, '-o', copy])).toMatchObject({ status: 0, stdout: `${copy}\n` });
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true);

    rmSync(copy);
    rmSync(join(parts, 'chunk-2'));
    writeFileSync(join(parts, 'chunk-5'), 'y'.repeat(50_000));
    const failed = await shoal(['join', parts, '-o', copy]);
    expect(failed.status).toBe(32);
    expect(failed.stderr).toContain('chunk 2 is missing: chunk-2\nchunk 5 is damaged: chunk-5\n');
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'parts']);
    expect((await shoal(['split', file, '--chunk-size', 'huge'])).status).toBe(2);
    expect((await shoal(['join', folder])).status).toBe(3);
    const nothingToCompare = await shoal(['verify', folder]);
    expect(nothingToCompare.status).toBe(3);
    expect(nothingToCompare.stderr).toContain('or name a ticket or a manifest to compare it with');
    const nowhere = await shoal(['create', file, '-o', join(folder, 'no', 'such.manifest')]);
    expect([nowhere.status, nowhere.stderr]).toEqual([3, expect.stringContaining('in a folder that does not exist')]);
  });
});
