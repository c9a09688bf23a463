// The built page in headless Chromium, opened as a file; what it complains of and what it asks the network for is kept.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

export const executablePath: string | undefined = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(existsSync);

/** Builds the page into a folder of its own; answers where it is. */
export async function buildPage(): Promise<{ readonly folder: string; readonly url: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-page-'));
  await build({
    root: join(import.meta.dirname, '../..'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  });
  return { folder, url: pathToFileURL(join(folder, 'index.html')).href };
}

export const removePage = (folder: string): void => rmSync(folder, { recursive: true });

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: executablePath!, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });

export interface OpenedPage {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors. */
  readonly complaints: string[];
  /** What was asked for, but the page itself and what it made. */
  readonly requests: string[];
}

export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, ...options });
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on('console', (said) => {
    if (said.type() === 'error' || said.type() === 'warning') complaints.push(said.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const asked = request.url();
    if (!/^(blob|data):/.test(asked) && asked.split('#')[0] !== url.split('#')[0]) requests.push(asked);
  });
  await page.goto(url);
  return { page, complaints, requests };
}
