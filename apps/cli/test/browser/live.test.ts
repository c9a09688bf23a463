// The live page in headless Chromium, fed by real processes; and what it saves, opened from a file without any server.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { seededRng } from '@shoal/machine';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPageFile } from '../../src/live/page.ts';
import { play, playTracker, temporaryFolder } from '../programs.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (executablePath === undefined) process.stderr.write('browser tests are skipped: there is no Chromium in /usr/bin\n');

const folder = temporaryFolder();
const hostile = '<img src=x onerror="document.title=1">&amp;';
const soon = { timeout: 60_000 };

/** What the page says of every peer: its name, and what it holds. */
async function peersIn(page: Page): Promise<string[]> {
  const panel = page.locator('section[aria-label=Peer]');
  await page.locator('h1').click(); // keys are for what has the focus
  await page.keyboard.press('Escape');
  const said: string[] = [];
  for (let previous = ''; ;) {
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => panel.textContent(), soon).not.toBe(previous);
    previous = (await panel.textContent())!;
    const peer = `${await panel.locator('h2').textContent()} holds ${await panel.locator('dd').first().textContent()}`;
    if (said.includes(peer)) break;
    said.push(peer);
  }
  await page.keyboard.press('Escape');
  return said.sort();
}

/** What it says of whoever has all of what is shared. */
const holds = ({ chunks }: Record<string, unknown>): string => `holds ${String(chunks)} of ${String(chunks)} chunks`;

/** All that the page knows at the end. */
const pictureIn = (page: Page): Promise<string> => page.evaluate<string>('JSON.stringify(shoalShow.reel.front)');

describe.skipIf(executablePath === undefined)('the live page', () => {
  let browser: Browser;
  let pageFile: string;

  beforeAll(async () => {
    pageFile = await findPageFile({ say: () => undefined });
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: executablePath!, args });
  }, 90_000);
  afterAll(() => browser?.close());

  /** A page of its own, and everything that went wrong in it. */
  async function open(url: string, offline = false): Promise<{ page: Page; troubles: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, offline });
    const page = await context.newPage();
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => void (message.type() === 'error' && troubles.push(message.text())));
    await page.goto(url);
    return { page, troubles };
  }

  test('follows real peers to the end, and what it saves opens without a server as the same picture', async () => {
    const content = join(folder, 'content & <b>name<b>.bin');
    writeFileSync(content, seededRng('live').bytes(4_000_000));
    const { address } = await playTracker();
    const owner = play('share', content, '--tracker', address, '--listen', '127.0.0.1:0', '--view', '--no-open');
    const [{ url }, sharing] = await Promise.all([owner.next('view'), owner.next('sharing')]);
    const { page, troubles } = await open(String(url));
    expect(new URL(page.url()).pathname).toBe('/');
    const get = (name: string): ReturnType<typeof play> =>
      play(
        'get',
        String(sharing['ticket']),
        '-o',
        join(folder, name),
        '--seed',
        '--listen',
        '127.0.0.1:0',
        '--limit-down',
        '2MB',
      );
    const receivers = [get('one'), get('two')];
    await Promise.all(receivers.map((receiver) => receiver.next('done')));
    const all = holds(sharing);
    await expect
      .poll(() => peersIn(page), soon)
      .toEqual([
        expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+ ${all}$`)),
        expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+ ${all}$`)),
        `this peer ${all}`,
      ]);
    expect(await page.locator('section[aria-label=Links] tbody tr').count()).toBe(2);
    await page.reload(); // the tab still knows the secret
    await expect.poll(() => page.locator('[role=status]').textContent(), soon).toContain('happening now');
    await owner.stop();
    await expect.poll(() => page.locator('[role=status]').textContent(), soon).toContain('It is over');
    expect(await page.locator('h1').textContent()).toBe('content & <b>name<b>.bin');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Save recording').click()]);
    expect(download.suggestedFilename()).toBe('content _ _b_name_b_.bin.ndjson');
    const saved = join(folder, 'saved.ndjson');
    await download.saveAs(saved);
    const before = [await peersIn(page), await pictureIn(page)];
    expect(troubles.filter((trouble) => !trouble.includes('403'))).toEqual([]); // when it was loaded anew, it knocked

    const offline = await open(`${pathToFileURL(pageFile).href}#recording`, true);
    await offline.page.locator('input[type=file]').setInputFiles(saved);
    await expect.poll(() => offline.page.locator('[role=status]').textContent(), soon).toBe('A recording.');
    await offline.page.locator('h1').click();
    await offline.page.keyboard.press('End');
    expect([await peersIn(offline.page), await pictureIn(offline.page)]).toEqual(before);
    expect(offline.troubles).toEqual([]);
  });

  test('goes on with the next version of a folder that is followed', async () => {
    const site = join(folder, 'site');
    mkdirSync(site);
    writeFileSync(join(site, 'index.html'), seededRng('index').bytes(900_000));
    const { address } = await playTracker();
    const place = ['--tracker', address, '--listen', '127.0.0.1:0'];
    const owner = play('share', site, ...place, '--watch', '--settle', '0.2', '--view', '--no-open');
    const [{ url }, first] = await Promise.all([owner.next('view'), owner.next('sharing')]);
    const { page, troubles } = await open(String(url));
    const get = ({ ticket }: Record<string, unknown>, name: string): ReturnType<typeof play> =>
      play('get', String(ticket), '-o', join(folder, name), '--seed', '--listen', '127.0.0.1:0');
    await get(first, 'site 1').next('done');
    await expect
      .poll(() => peersIn(page), soon)
      .toEqual([expect.stringContaining(holds(first)), `this peer ${holds(first)}`]);

    writeFileSync(join(site, 'news.html'), seededRng('news').bytes(900_000));
    const second = await owner.next('sharing');
    expect(second['chunks']).not.toBe(first['chunks']);
    await get(second, 'site 2').next('done');
    await expect
      .poll(
        async () => (await peersIn(page)).map((peer) => peer.replace(/^127\.0\.0\.1:\d+/, 'another')).toSorted(),
        soon,
      )
      .toEqual([
        expect.stringMatching(/^another has left holds 0 of /), // it has the version before
        `another ${holds(second)}`,
        `this peer ${holds(second)}`,
      ]);
    expect(troubles).toEqual([]);
  });

  test('shows hostile names as text, and says what is wrong with a file', async () => {
    const lines = [
      { shoalRecording: 1, title: hostile, source: 'live' },
      { atMs: 0, kind: 'content', name: hostile, chunkCount: 2, bytes: 200 },
      { atMs: 0, kind: 'came', peer: hostile, role: 'owner', label: hostile, held: [[0, 2]] },
      { atMs: 1, kind: 'came', peer: '__proto__', role: 'receiver', label: `receiver ${hostile}` },
      { atMs: 2, kind: 'held', peer: '__proto__', from: hostile, chunk: 1 },
      {
        atMs: 3,
        kind: 'link',
        peer: '__proto__',
        remote: hostile,
        upBytesPerSecond: 0,
        downBytesPerSecond: 9,
        rttMs: 1,
      },
      { atMs: 4, kind: 'why', peer: '__proto__', sharesMs: { path: 3, [hostile]: 1 } },
    ];
    const file = join(folder, `${hostile.replaceAll('/', '')}.ndjson`);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { page, troubles } = await open(`${pathToFileURL(pageFile).href}#recording`, true);
    const title = await page.title();
    await page.locator('input[type=file]').setInputFiles(file);
    await expect.poll(() => page.locator('h1').textContent(), soon).toBe(hostile);
    await page.keyboard.press('End');
    expect(await peersIn(page)).toEqual([`${hostile} holds 2 of 2 chunks`, `receiver ${hostile} holds 1 of 2 chunks`]);
    expect(await page.locator('section[aria-label=Links] tbody th').allTextContents()).toEqual([
      `receiver ${hostile}`,
      hostile,
    ]);
    expect([await page.locator('img').count(), await page.title(), troubles]).toEqual([0, title, []]);

    writeFileSync(file, readFileSync(file, 'utf8').replace('"kind":"held"', '"kind":"hold"'));
    await page.locator('input[type=file]').setInputFiles(file);
    await expect
      .poll(() => page.locator('[role=alert]').textContent())
      .toContain('is damaged: this is no happening (line 5)');
    expect(await page.locator('img').count()).toBe(0);
  });
});
