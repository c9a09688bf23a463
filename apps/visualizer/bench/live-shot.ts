// npm run live-shot -w apps/visualizer
//
// Takes the picture of a real swarm for the documents: a demo of this machine, when every receiver has come and half of all
// chunks have.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { executablePath, launch, open } from '../test/browser/opened-page.ts';
import { smallPng } from './small-png.ts';

const contentBytes = 13_000_000;
const receivers = 5;
const limitDown = '2MB'; // processes start a second apart where all share two cores: nobody is to be complete before the last has come

if (executablePath === undefined) throw new Error('there is no Chromium in /usr/bin: apt-get install chromium');
const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'shoal-shot-'));
const content = join(folder, 'holiday.mkv');
writeFileSync(content, randomBytes(contentBytes));
const args = ['-C', '@shoal/source', join(root, 'apps/cli/src/main.ts'), 'demo', content];
const options = ['--receivers', String(receivers), '--view', '--json'];
const demo = spawn(process.execPath, [...args, ...options], {
  env: { ...process.env, SHOAL_LIMIT_DOWN: limitDown },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await launch();
try {
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: demo.stdout }).on('line', (line) => {
      const { event, url } = JSON.parse(line) as { event: string; url: string };
      if (event === 'view') resolve(url);
    });
  });
  const { page } = await open(browser, url, { viewport: { width: 1_280, height: 1_300 } });
  // The page has seen more by the time it answers: what it is to show is in its past.
  await page.waitForFunction(
    (wanted) => {
      const { reel, timeline } = shoalShow;
      const isHalfWay = (ms: number): boolean => {
        const { peers, content } = reel.pictureAt(ms);
        const come = peers.filter(({ role, cameAtMs }) => role === 'receiver' && cameAtMs !== undefined);
        const held = come.reduce((sum, { heldCount }) => sum + heldCount, 0);
        return come.length === wanted && held >= (content.chunkCount * wanted) / 2;
      };
      const endMs = reel.endMs - 400; // what is on its way is known until then
      if (!isHalfWay(endMs)) return false;
      let ms = endMs;
      while (isHalfWay(ms - 20)) ms -= 20;
      timeline.seek(ms);
      timeline.pause();
      return true;
    },
    receivers,
    { timeout: 120_000 },
  );
  await page.waitForTimeout(500); // the curves are drawn a few times a second
  writeFileSync(join(root, 'docs/visualizer/live.png'), await smallPng(page, await page.screenshot()));
} finally {
  await browser.close();
  demo.kill();
  rmSync(folder, { recursive: true });
}
