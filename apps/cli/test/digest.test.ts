import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { digestContent } from '../src/demo/digest.ts';

const folder = mkdtempSync(join(tmpdir(), 'shoal-digest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with these files. */
function make(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, path, '..'), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return join(folder, name);
}

describe('content digest', () => {
  test("of a file is sha256sum's", async () => {
    writeFileSync(join(folder, 'abc'), 'abc');
    expect(await digestContent(join(folder, 'abc'))).toEqual({
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      bytes: 3,
      files: 1,
    });
  });

  test('of a folder tells moved, changed and missing files apart', async () => {
    const same = await digestContent(make('one', { 'a/x': '1', b: '2' }));
    expect(await digestContent(make('two', { b: '2', 'a/x': '1' }))).toEqual(same);
    const others = [{ 'a/y': '1', b: '2' }, { 'a/x': '1', b: '3' }, { 'a/x': '1' }];
    const digests = await Promise.all(others.map((files, i) => digestContent(make(`other${i}`, files))));
    expect(new Set([same, ...digests].map(({ sha256 }) => sha256)).size).toBe(4);
  });
});
