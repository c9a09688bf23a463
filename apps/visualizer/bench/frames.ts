// npm run bench -w apps/visualizer
//
// How long frames take while the sandbox shows a large swarm, in headless Chromium without a graphics card: from one
// frame to the next, and what of it the page's own drawing takes. First the simulation runs in its worker meanwhile, then
// it is stopped, and what it has told is played.

import { parseArgs } from 'node:util';
import { buildPage, executablePath, launch, open, removePage } from '../test/browser/opened-page.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '200' },
    chunks: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
  },
});

declare global {
  // Of the page; functions handed to `evaluate` run there.
  /** What the callbacks of each frame took together, by the frame's time. */
  var frameCosts: Map<number, number>;
  var simulation: Worker | undefined;
}

const enoughMs = 4_000; // of the swarm's time: its busiest

interface Frames {
  readonly betweenMs: readonly number[];
  readonly drawingMs: readonly number[];
}

/** In the page, before anything else: weighs what runs in frames, and keeps hold of the simulation. */
function weighFrames(): void {
  globalThis.Worker = class extends Worker {
    constructor(...made: ConstructorParameters<typeof Worker>) {
      super(...made);
      globalThis.simulation = this;
    }
  };
  const request = globalThis.requestAnimationFrame;
  globalThis.frameCosts = new Map();
  globalThis.requestAnimationFrame = (run) =>
    request((at) => {
      const started = performance.now();
      run(at);
      frameCosts.set(at, (frameCosts.get(at) ?? 0) + performance.now() - started);
    });
}

/** In the page: plays for so long. */
const measure = (seconds: number): Promise<Frames> =>
  new Promise((resolve) => {
    const betweenMs: number[] = [];
    frameCosts.clear();
    shoalShow.timeline.seek(shoalShow.reel.endMs / 4);
    shoalShow.timeline.speed = 0.25;
    shoalShow.timeline.play();
    const endsAt = performance.now() + seconds * 1_000;
    let last: number | undefined;
    const turn = (at: number): void => {
      if (last !== undefined) betweenMs.push(at - last);
      last = at;
      if (performance.now() < endsAt) requestAnimationFrame(turn);
      else resolve({ betweenMs, drawingMs: [...frameCosts.values()] });
    };
    requestAnimationFrame(turn);
  });

function row(name: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(1).padStart(7);
  return `${name.padEnd(34)} ${String(sorted.length).padStart(6)} ${at(0.5)} ${at(0.95)} ${at(0.99)}`;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (executablePath === undefined) throw new Error('there is no Chromium in /usr/bin: apt-get install chromium');
const { folder, url } = await buildPage();
const browser = await launch();
try {
  const { page } = await open(browser, 'about:blank');
  await page.addInitScript(weighFrames);
  await page.goto(`${url}#sandbox?peers=${values.peers}&chunks=${values.chunks}`);
  await page.waitForFunction(() => globalThis.shoalShow?.reel.endMs > 1_000, undefined, { timeout: 60_000 });
  const seconds = Number(values.seconds);
  say(`${values.peers} peers, ${values.chunks} chunks`);
  say('ms                                 frames  median     p95     p99');
  const during = await page.evaluate(measure, seconds);
  say(row('frame to frame, simulating beside', during.betweenMs));
  say(row('drawing, simulating beside', during.drawingMs));
  await page.waitForFunction((ms) => shoalShow.reel.endMs > ms, enoughMs, { timeout: 120_000 });
  await page.evaluate(() => simulation!.terminate());
  const after = await page.evaluate(measure, seconds);
  say(row('frame to frame', after.betweenMs));
  say(row('drawing', after.drawingMs));
  const count = await page.evaluate(() => shoalShow.reel.happenings.length);
  say(`${count} happenings`);
} finally {
  await browser.close();
  removePage(folder);
}
