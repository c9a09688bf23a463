// `npm run build:exe`: one file that runs without Node. Made and started here, which takes tens of seconds.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from './programs.ts';

const builder = fileURLToPath(new URL('../build-exe.mjs', import.meta.url));
const canBuild =
  process.allowedNodeEnvironmentFlags.has('--build-sea') || Number(process.versions.node.split('.')[0]) >= 26;
const why = canBuild ? '' : ` (skipped: Node ${process.versions.node} has no --build-sea)`;

test.skipIf(!canBuild)(
  `one file splits, joins and shows the page without Node beside it${why}`,
  { timeout: 300_000 },
  () => {
    const folder = temporaryFolder();
    execFileSync(process.execPath, [builder, folder]);
    const shoal = (...args: string[]): string =>
    execFileSync(join(folder, 'shoal'), args, { encoding: 'utf8', cwd: folder, env: { HOME: folder }, stdio: ['ignore', 'pipe', 'ignore'] }); // prettier-ignore
    expect(shoal('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    writeFileSync(join(folder, 'film'), 'a film '.repeat(50_000));
    shoal('split', 'film', '--chunk-size', '100KiB');
    shoal('join', 'film.chunks', '-o', 'copy');
    expect(readFileSync(join(folder, 'copy')).equals(readFileSync(join(folder, 'film')))).toBe(true);
    expect(existsSync(join(folder, 'film.chunks', 'summary.txt'))).toBe(true);
    const page = readFileSync(fileURLToPath(shoal('view', '--no-open').trim()), 'utf8');
    expect(page).toContain('<!doctype html>');
    expect(page.length).toBeGreaterThan(300_000);
  },
);
