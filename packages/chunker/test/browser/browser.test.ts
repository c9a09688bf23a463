// The chunker in a browser: the root entry, bundled as an application would, in headless Chromium; the same vectors.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page as Tab } from 'playwright-core';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createManifest } from '../../src/node/create-manifest.ts';
import { noiseBytes } from '../content-defined/some-bytes.ts';
import { temporaryFolder } from '../node/temporary.ts';
import type { VectorSet } from '../vector-sets.ts';
import cutVectors from '../vectors/content-defined.json' with { type: 'json' };
import setVectors from '../vectors/file-sets.json' with { type: 'json' };
import hashVectors from '../vectors/hashes.json' with { type: 'json' };
import type { Page } from './page.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (executablePath === undefined) process.stderr.write('browser tests are skipped: there is no Chromium in /usr/bin\n');

const sets = (setVectors.sets as readonly VectorSet[]).filter(({ chunking }) => chunking.kind === 'fixed');

declare global {
  // Of the page; functions handed to `evaluate` run there.
  var shoal: Promise<Page>;
}

async function bundle(): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@shoal/source', 'browser', 'module', 'import', 'default'] },
    build: { write: false, lib: { entry: join(import.meta.dirname, 'page.ts'), formats: ['iife'], name: 'page' } },
  })) as Rollup.RollupOutput[];
  return built[0]!.output[0].code;
}

describe.skipIf(executablePath === undefined)('the chunker in a browser', () => {
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: executablePath!, args });
    tab = await browser.newPage();
    await tab.addScriptTag({ content: await bundle() });
  }, 60_000);
  afterAll(() => browser?.close());

  test('cannot reach Node', async () => {
    expect(await tab.evaluate(() => [typeof process, typeof navigator])).toEqual(['undefined', 'object']);
  });

  test.each(['blob', 'stream'] as const)('gives the golden swarmIds, from a %s', async (form) => {
    const found = await tab.evaluate(
      async ([sets, form]) => Promise.all(sets.map(async (set) => (await shoal).swarmId(set, form))),
      [sets, form] as const,
    );
    expect(found).toEqual(sets.map(({ swarmId }) => swarmId));
  });

  test.each(['blake3', 'sha256'] as const)('hashes as the vectors say: %s', async (hash) => {
    const inputs = Object.keys(hashVectors[hash]);
    const found = await tab.evaluate(
      async ([hash, inputs]) => Promise.all(inputs.map(async (input) => (await shoal).digest(hash, input))),
      [hash, inputs] as const,
    );
    expect(found).toEqual(Object.values(hashVectors[hash]));
  });

  test.each(cutVectors.cuts)('cuts where the vectors say: $description', async ({ bytes, ends, ...sizes }) => {
    const { minBytes, averageBytes, maxBytes } = sizes;
    const chunking = { kind: 'contentDefined', minBytes, averageBytes, maxBytes } as const;
    const cuts = await tab.evaluate(async ([bytes, chunking]) => (await shoal).cuts(bytes, chunking), [
      bytes,
      chunking,
    ] as const);
    expect(cuts).toEqual(ends);
  });

  test('shares a File in content-defined chunks as Node does', async () => {
    const path = join(temporaryFolder(), 'noise');
    writeFileSync(path, noiseBytes(3_000_001));
    const { document } = await createManifest(path, { chunking: 'contentDefined' });
    const shared = await tab.evaluate(async () => (await shoal).shareFile(3_000_001));
    expect(shared).toEqual({ swarmId: document.swarmId, stored: true });
  });
});
