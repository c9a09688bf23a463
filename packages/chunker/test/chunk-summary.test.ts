import { describe, expect, test } from 'vitest';
import { formatSummary, parseSummary } from '../src/chunk-summary.ts';
import { pureHashes } from '../src/hash.ts';
import { sampleSet } from '../src/testing/index.ts';

const { document } = sampleSet([0, 70, 5, 400, 13], 100);
const chunkFiles = Array.from({ length: document.layout.chunkCount }, (_, chunk) => `part ${chunk}`);
const text = formatSummary({ document, chunkFiles });

describe('the summary of a set in chunk files', () => {
  test('lists what people look for', () => {
    expect(text).toMatch(/^shoal chunks 1\nname /);
    expect(text).toContain(`swarmId ${document.swarmId}\nfiles 5\n`);
    expect(text).toMatch(/\nchunks 5\n1 100 [0-9a-f]{64} part 0\n2 100 /);
  });

  test('reads back as the same document', () => {
    const read = parseSummary(text, pureHashes);
    expect(read).toMatchObject({ ok: true, value: { document: { swarmId: document.swarmId }, chunkFiles } });
  });

  test('is refused after any change to any of its characters but those of the names of chunk files', () => {
    const end = text.indexOf(' part 0');
    for (let at = 0; at < end; at += 1) {
      const other = text[at] === '1' ? '2' : '1';
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      expect(parseSummary(changed, pureHashes), `${at}: ${text[at]}`).toMatchObject({ ok: false });
    }
  });

  test.each([0, 1, 20, 200, text.length - 8])('cut short at %i it is refused', (length) => {
    expect(parseSummary(text.slice(0, length), pureHashes)).toMatchObject({ ok: false });
  });

  test('never throws on numbers nobody can have', () => {
    for (const number of ['9007199254740993', '0', '', '1.5', '-1', '99999999'])
      for (const label of ['chunking', 'files', 'chunks', 'empty folders'])
        expect(
          parseSummary(text.replace(new RegExp(`\n${label} .*`), `\n${label} ${number}`), pureHashes).ok,
          `${label} ${number}`,
        ).toBe(label === 'empty folders' && number === '0');
  });

  test('may not lead out of its folder', () => {
    expect(parseSummary(text.replace('part 0', '../x'), pureHashes)).toMatchObject({ reason: 'nameUnsafe' });
  });
});
