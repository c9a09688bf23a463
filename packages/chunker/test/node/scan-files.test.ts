import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanFiles } from '../../src/node/scan-files.ts';
import { asNobody, temporaryFolder } from './temporary.ts';

/** A folder with these files, each holding its own path. */
function folderOf(...paths: string[]): string {
  const root = join(temporaryFolder(), 'set');
  mkdirSync(root);
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  return root;
}

describe('scanning files', () => {
  test('lists files in path order, with sizes', async () => {
    const root = folderOf('b', 'a/z', 'a-b', 'a/b/c', '東京/🐟', 'e\u0301');
    const { kind, name, files } = await scanFiles(root);
    expect({ kind, name }).toEqual({ kind: 'folder', name: 'set' });
    expect(files.map(({ path }) => path)).toEqual(['a-b', 'a/b/c', 'a/z', 'b', 'e\u0301', '東京/🐟']);
    expect(files.map(({ bytes }) => bytes)).toEqual([3, 5, 3, 1, 3, 11]);
  });

  test('a single file is a set by its own name', async () => {
    const root = folderOf('one');
    const scanned = await scanFiles(join(root, 'one'));
    expect(scanned).toMatchObject({ kind: 'file', name: 'one', files: [{ path: 'one', bytes: 3 }], emptyFolders: [] });
  });

  test('notes folders with nothing in them, and only those', async () => {
    const root = folderOf('a/file');
    mkdirSync(join(root, 'b', 'c'), { recursive: true });
    mkdirSync(join(root, 'd'));
    expect((await scanFiles(root)).emptyFolders).toEqual(['b/c', 'd']);
  });

  test('leaves unfinished downloads out', async () => {
    const root = folderOf('a', '.b.shoal-partial/content');
    expect(await scanFiles(root)).toMatchObject({
      files: [{ path: 'a' }],
      skipped: [{ path: '.b.shoal-partial', reason: 'unfinishedDownload' }],
    });
  });

  test('what is not there is told by name', async () => {
    const root = folderOf('a');
    await expect(scanFiles(join(root, 'b'))).rejects.toMatchObject({
      code: 'notFound',
      message: expect.stringContaining('/b"'),
    });
    await expect(scanFiles(join(root, 'a', 'b'))).rejects.toMatchObject({ code: 'notFound' });
  });

  describe.skipIf(process.platform === 'win32')('on POSIX', () => {
    test('tells which files can be run', async () => {
      const root = folderOf('a', 'b');
      chmodSync(join(root, 'b'), 0o755);
      expect((await scanFiles(root)).files.map(({ executable }) => executable)).toEqual([false, true]);
    });

    test('stores a link to a file of the same folder as that file, and leaves every other link out', async () => {
      const root = folderOf('a/file', 'b/x');
      const outside = folderOf('secret');
      symlinkSync('a/file', join(root, 'inside'));
      symlinkSync('../a/file', join(root, 'b', 'inside'));
      symlinkSync(join(outside, 'secret'), join(root, 'outside'));
      symlinkSync('a', join(root, 'folder'));
      symlinkSync('..', join(root, 'up'));
      symlinkSync('nowhere', join(root, 'broken'));
      symlinkSync('round', join(root, 'round'));
      const { files, skipped } = await scanFiles(root);
      expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
        ['a/file', 6],
        ['b/inside', 6],
        ['b/x', 3],
        ['inside', 6],
      ]);
      expect(skipped).toEqual([
        { path: 'broken', reason: 'linkBroken' },
        { path: 'folder', reason: 'linkToFolder' },
        { path: 'outside', reason: 'linkLeadsOutside' },
        { path: 'round', reason: 'linkBroken' },
        { path: 'up', reason: 'linkLeadsOutside' },
      ]);
    });

    test('follows the link it is given, and keeps the name it is given', async () => {
      const root = folderOf('a');
      const link = join(temporaryFolder(), 'link');
      symlinkSync(root, link);
      expect(await scanFiles(link)).toMatchObject({ kind: 'folder', name: 'link', files: [{ path: 'a' }] });
    });

    test('leaves out what is no file', async () => {
      const root = folderOf('a');
      expect(spawnSync('mkfifo', [join(root, 'pipe')]).status).toBe(0);
      const { files, skipped } = await scanFiles(root);
      expect(files).toHaveLength(1);
      expect(skipped).toEqual([{ path: 'pipe', reason: 'notAFile' }]);
      await expect(scanFiles(join(root, 'pipe'))).rejects.toMatchObject({ code: 'notFound' });
    });

    test.each(['back\\slash', 'new\nline', 'aux.txt'])('a name no manifest may have is told: %j', async (name) => {
      const root = folderOf('a', name);
      await expect(scanFiles(root)).rejects.toMatchObject({
        code: 'nameUnsafe',
        message: expect.stringContaining(JSON.stringify(name)),
      });
    });

    test.skipIf(process.platform === 'darwin')('a name that is not Unicode is told', async () => {
      const root = realpathSync(folderOf('a'));
      writeFileSync(Buffer.concat([Buffer.from(`${root}/x`), Buffer.of(0xff)]), 'x');
      await expect(scanFiles(root)).rejects.toMatchObject({
        code: 'nameUnsafe',
        message: expect.stringContaining('Unicode'),
      });
    });

    test('a folder that may not be read is told by name', async () => {
      const root = folderOf('a', 'private/b');
      chmodSync(join(root, '..'), 0o755);
      chmodSync(join(root, 'private'), 0);
      const scanning = asNobody(() =>
        expect(scanFiles(root)).rejects.toMatchObject({
          code: 'permissionDenied',
          message: expect.stringContaining('private'),
        }),
      );
      await scanning;
      chmodSync(join(root, 'private'), 0o700);
    });
  });
});
