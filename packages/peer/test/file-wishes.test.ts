import { sampleSet } from '@shoal/chunker/testing';
import { makeDocument, type ManifestDocument, pureHashes } from '@shoal/chunker';
import { UsageError } from '@shoal/machine';
import { describe, expect, test } from 'vitest';
import { type FileSelector, FileWishes } from '../src/picking/file-wishes.ts';

const paths = ['.hidden/a', 'a (1).txt', 'a.txt', 'docs/b.txt', 'docs/deep/c.jpg', 'music/d.jpg'];

/** Six files of 1,500 bytes in chunks of 1,000, and an empty folder. */
function folder(): ManifestDocument {
  const { manifest, digests } = sampleSet(paths.map(() => 1_500)).document;
  const files = manifest.files.map((file, index) => ({ ...file, path: paths[index]! }));
  const made = makeDocument({ ...manifest, files, emptyFolders: ['none'] }, { digests }, pureHashes);
  if (!made.ok) throw new Error(made.detail);
  return made.value;
}

const chosenBy = (files: FileSelector): string[] => {
  const wishes = new FileWishes();
  wishes.select(files);
  wishes.know(folder());
  return [...paths, 'none'].filter((path) => wishes.only?.(path) ?? true);
};

describe('wishes about files', () => {
  test.each([
    ['*.txt', ['a (1).txt', 'a.txt', 'docs/b.txt']],
    ['/*.txt', ['a (1).txt', 'a.txt']],
    ['docs', ['docs/b.txt', 'docs/deep/c.jpg']],
    ['docs/', ['docs/b.txt', 'docs/deep/c.jpg']],
    ['docs/*', ['docs/b.txt', 'docs/deep/c.jpg']],
    ['**/*.jpg', ['docs/deep/c.jpg', 'music/d.jpg']],
    ['docs/**/*.txt', ['docs/b.txt']],
    ['deep', ['docs/deep/c.jpg']],
    ['a (1).txt', ['a (1).txt']],
    ['?.txt', ['a.txt', 'docs/b.txt']],
    ['.hidden', ['.hidden/a']],
    ['none', ['none']],
    ['**', [...paths, 'none']],
    ['txt', []],
  ])('the pattern %s', (pattern, files) => {
    expect(chosenBy(pattern)).toEqual(files);
  });

  test('several patterns, and a function', () => {
    expect(chosenBy(['a.txt', '*.jpg'])).toEqual(['a.txt', 'docs/deep/c.jpg', 'music/d.jpg']);
    expect(chosenBy((path) => path.startsWith('m'))).toEqual(['music/d.jpg']);
  });

  test('a set without any of the files is told', () => {
    const wishes = new FileWishes();
    wishes.select('nothing like it');
    expect(wishes.know(folder())).toBe(false);
    const known = new FileWishes();
    known.know(folder());
    expect(() => known.select('nothing like it')).toThrow(UsageError);
    expect(known.only).toBeUndefined();
  });

  test('chunks are wanted as much as their most wanted file', () => {
    const wishes = new FileWishes();
    wishes.know(folder());
    wishes.select(['a.txt', 'docs/*']);
    wishes.prioritise('*.jpg', 'now');
    expect(wishes.only?.('music/d.jpg')).toBe(false);
    const spans = wishes.spans()!;
    expect(spans.map(({ priority }) => priority)).toEqual([
      'unwanted',
      'unwanted',
      'normal',
      'normal',
      'now',
      'unwanted',
    ]);
    expect(spans[4]).toEqual({ first: 6, end: 8, priority: 'now' });
    wishes.include('music/d.jpg');
    wishes.select('docs');
    wishes.select(() => true);
    expect(wishes.spans()!.map(({ priority }) => priority)).toEqual([
      'normal',
      'normal',
      'normal',
      'normal',
      'now',
      'normal',
    ]);
    expect(wishes.only).toBeUndefined();
  });
});
