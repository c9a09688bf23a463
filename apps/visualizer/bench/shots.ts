// npm run shots -w apps/visualizer
//
// Takes the pictures of the documents: each scene of the built page, at a moment worth seeing, into docs/visualizer.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPage, executablePath, launch, open, removePage } from '../test/browser/opened-page.ts';
import { smallPng } from './small-png.ts';

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** The moment, as a part of the whole. */
  readonly at: number;
  readonly selected?: number;
  readonly isDark?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const shots: readonly Shot[] = [
  { name: 'classic', hash: 'classic', at: 0.47, width: 1_120, height: 850 },
  { name: 'sandbox', hash: 'sandbox', at: 0.46 },
  { name: 'sandbox-dark', hash: 'sandbox?peers=32&chunks=100&liars=3&seed=7', at: 0.62, selected: 12, isDark: true },
  { name: 'ring', hash: 'sandbox?peers=12&chunks=60&topology=ring', at: 0.5 },
];

if (executablePath === undefined) throw new Error('there is no Chromium in /usr/bin: apt-get install chromium');
const folder = join(import.meta.dirname, '../../../docs/visualizer');
const built = await buildPage();
const browser = await launch();
try {
  for (const { name, hash, at, selected, isDark = false, width = 1_360, height = 860 } of shots) {
    const colorScheme = isDark ? 'dark' : 'light';
    const { page } = await open(browser, `${built.url}#${hash}`, { viewport: { width, height }, colorScheme });
    await page.waitForFunction(() => globalThis.shoalShow?.reel.isComplete, undefined, { timeout: 120_000 });
    await page.evaluate(
      ([at, selected]) => {
        shoalShow.timeline.pause();
        shoalShow.timeline.seek(shoalShow.reel.endMs * at);
        shoalShow.selected.value = selected ?? undefined;
      },
      [at, selected ?? null] as const,
    );
    await page.waitForTimeout(500); // the curves are drawn a few times a second
    writeFileSync(join(folder, `${name}.png`), await smallPng(page, await page.screenshot()));
    await page.close();
  }
} finally {
  await browser.close();
  removePage(built.folder);
}
