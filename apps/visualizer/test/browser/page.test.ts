// The page as people open it: built, from a file, in Chromium.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage, executablePath, launch, open, type OpenedPage, removePage } from './opened-page.ts';

if (executablePath === undefined) process.stderr.write('browser tests are skipped: there is no Chromium in /usr/bin\n');

let browser: Browser;
let built: { readonly folder: string; readonly url: string };

beforeAll(async () => {
  if (executablePath === undefined) return;
  built = await buildPage();
  browser = await launch();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  if (built !== undefined) removePage(built.folder);
});

const stateAt = ({ page }: OpenedPage, ms: number): Promise<string> =>
  page.evaluate((ms) => {
    shoalShow.timeline.pause();
    shoalShow.timeline.seek(ms);
    return JSON.stringify(shoalShow.reel.pictureAt(shoalShow.timeline.positionMs));
  }, ms);

const untilOver = ({ page }: OpenedPage): Promise<unknown> =>
  page.waitForFunction(() => globalThis.shoalShow?.reel.isComplete, undefined, { timeout: 60_000 });

describe.skipIf(executablePath === undefined)('the built page', () => {
  test('is one file, in which nothing of Node is left', () => {
    expect(readdirSync(built.folder)).toEqual(['index.html']);
    const text = readFileSync(join(built.folder, 'index.html'), 'utf8');
    const loading = /(?<![.\w])(?:require|import)\s*\(|["'`]node:[a-z_/]+["'`]|__vite-browser-external/;
    expect(loading.exec(text)?.[0]).toBeUndefined();
    expect(text.includes(`Content-Security-Policy" content="default-src 'none'`)).toBe(true);
  });

  test('shows the four steps, after which four clients have all four parts', async () => {
    const opened = await open(browser, `${built.url}#classic`);
    const { page, complaints, requests } = opened;
    await untilOver(opened);
    const step = (n: number) => page.getByRole('button', { name: `Step ${n}`, exact: true });
    const held = () =>
      page.evaluate(() => shoalShow.reel.pictureAt(shoalShow.timeline.positionMs).peers.map((peer) => peer.heldCount));
    const reached: number[][] = [];
    for (const n of [1, 2, 3, 4]) {
      await step(n).click();
      await page.evaluate(() => void (shoalShow.timeline.speed *= 40));
      await page.waitForFunction(() => !shoalShow.timeline.isPlaying);
      reached.push(await held());
    }
    expect(reached).toEqual([
      [4, 0, 1, 1, 0],
      [4, 2, 2, 2, 2],
      [4, 3, 2, 2, 3],
      [4, 4, 4, 4, 4],
    ]);
    expect(await step(5).count()).toBe(0);
    expect(await page.locator('.told').textContent()).toMatch(/^The clients share: /);
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await held()).toEqual([4, 3, 2, 2, 3]);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test('scrubs back to the exact state, and runs the same scene the same way again', async () => {
    const url = `${built.url}#sandbox?peers=8&chunks=30&liars=1&seed=scrub`;
    const opened = await open(browser, url);
    await untilOver(opened);
    const endMs = await opened.page.evaluate(() => shoalShow.reel.endMs);
    const moments = [0.2, 0.5, 0.8].map((part) => endMs * part);
    const forth: string[] = [];
    for (const ms of moments) forth.push(await stateAt(opened, ms));
    expect(new Set(forth).size).toBe(3);
    const back: string[] = [];
    for (const ms of moments.toReversed()) back.push(await stateAt(opened, ms));
    expect(back.toReversed()).toEqual(forth);
    const again = await open(browser, url);
    await untilOver(again);
    expect(await stateAt(again, moments[1]!)).toBe(forth[1]);
    expect([...opened.complaints, ...again.complaints, ...opened.requests, ...again.requests]).toEqual([]);
    await again.page.close();
    await opened.page.close();
  });

  test('makes a link of every change, and is played by keys', async () => {
    const opened = await open(browser, `${built.url}#sandbox?peers=5&chunks=20`);
    const { page, complaints } = opened;
    await untilOver(opened);
    const before = await page.evaluateHandle(() => shoalShow);
    await page.getByLabel('Next chunk').selectOption('random');
    expect(page.url()).toMatch(/#sandbox\?peers=5&chunks=20&policy=random$/);
    await page.waitForFunction((before) => shoalShow !== before && shoalShow.reel.isComplete, before);
    const isPlaying = () => page.evaluate(() => shoalShow.timeline.isPlaying);
    await page.evaluate(() => {
      (document.activeElement as HTMLElement).blur();
      shoalShow.timeline.pause();
      shoalShow.timeline.seek(0);
    });
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => shoalShow.timeline.positionMs)).toBeGreaterThan(0);
    await page.keyboard.press(' ');
    expect(await isPlaying()).toBe(true);
    await page.keyboard.press(' ');
    expect(await isPlaying()).toBe(false);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.panel h2').textContent()).toContain('Peer 1');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('shows names as text, whatever they hold', async () => {
    const hostile = '<img src=x onerror="globalThis.caught=1">';
    const opened = await open(browser, `${built.url}#sandbox?peers=2&chunks=4&seed=${encodeURIComponent(hostile)}`);
    const { page, complaints, requests } = opened;
    await untilOver(opened);
    await page.evaluate((label) => {
      const { reel, selected } = shoalShow;
      reel.append([{ atMs: reel.endMs, kind: 'came', peer: label, role: 'receiver', label }]);
      shoalShow.timeline.seek(reel.endMs);
      selected.value = reel.front.peers.length - 1;
    }, hostile);
    await page.getByRole('heading', { name: hostile }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.getByLabel('Seed').inputValue()).toBe(hostile.slice(0, 40));
    expect(await page.evaluate(() => 'caught' in globalThis)).toBe(false);
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
    await page.close();
  });

  test('keeps still for those who want it so', async () => {
    const opened = await open(browser, `${built.url}#sandbox?peers=4&chunks=10`, { reducedMotion: 'reduce' });
    await untilOver(opened);
    expect(await opened.page.evaluate(() => [shoalShow.timeline.isPlaying, shoalShow.timeline.positionMs])).toEqual([
      false,
      0,
    ]);
    await opened.page.close();
  });

  test('fits a narrow screen', async () => {
    for (const scene of ['classic', 'sandbox?peers=3&chunks=4']) {
      const opened = await open(browser, `${built.url}#${scene}`, { viewport: { width: 360, height: 740 } });
      await untilOver(opened);
      expect(await opened.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await opened.page.close();
    }
  });
});
