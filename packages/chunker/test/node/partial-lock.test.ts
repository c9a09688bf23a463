import { existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeLock } from '../../src/node/partial-lock.ts';
import { temporaryFolder } from './temporary.ts';

const newPath = (): string => join(temporaryFolder(), 'lock');

describe('partial lock', () => {
  test('is held once, given back, and leaves nothing behind', () => {
    const path = newPath();
    const release = takeLock(path);
    expect(() => takeLock(path)).toThrow('another shoal is at work');
    release();
    const releaseAgain = takeLock(path);
    release(); // given back before: does nothing to the new holder
    expect(existsSync(path)).toBe(true);
    releaseAgain();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  test.each([
    ['of a process that is gone', '4194305 12345'],
    ['of a process whose number another has by now', `${process.ppid} 1`],
    ['of an earlier process with our own number', `${process.pid} 1`],
    ['that was cut off', ''],
    ['that makes no sense', 'rubbish\n'],
  ])('a lock %s is taken over', (_, content) => {
    const path = newPath();
    writeFileSync(path, content);
    const release = takeLock(path);
    expect(readFileSync(path, 'utf8')).toContain(`${process.pid} `);
    release();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  test('a lock whose draft was left by a killed process with our own number is taken over', () => {
    const path = newPath();
    writeFileSync(`${path}.${process.pid}`, `${process.pid} 1`);
    linkSync(`${path}.${process.pid}`, path);
    takeLock(path)();
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'a lock of this very process is respected wherever in it it was taken',
    () => {
      const [path, other] = [newPath(), newPath()];
      const release = takeLock(path);
      writeFileSync(other, readFileSync(path));
      expect(() => takeLock(other)).toThrow('another shoal is at work');
      release();
    },
  );
});
