import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPartialName, partialPath } from '../../src/node/partial-name.ts';

describe('partial name', () => {
  test.each(['copy', '.hidden', 'a b', '東京', 'x'.repeat(255), '😀'.repeat(60), 'é'.repeat(127)])('of %s', (name) => {
    const path = partialPath(join('folder', name));
    expect(dirname(path)).toBe('folder');
    expect(Buffer.byteLength(basename(path))).toBeLessThanOrEqual(255);
    expect(basename(path).isWellFormed()).toBe(true);
    expect(isPartialName(basename(path))).toBe(true);
  });

  test('is hidden, beside the destination, and told from other names', () => {
    expect(partialPath(join('a', 'photos'))).toBe(join('a', '.photos.shoal-partial'));
    for (const name of ['photos', '.photos', 'photos.shoal-partial']) expect(isPartialName(name)).toBe(false);
  });
});
