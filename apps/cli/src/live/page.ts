// Where the page comes from: the published program has it beside itself, the single executable within; in a clone it is
// built when it is first needed.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ShoalError } from '@shoal/machine';
import { stateFolder } from '../folders.ts';
import type { Output } from '../output.ts';

const published = fileURLToPath(new URL('page.html', import.meta.url));
const project = fileURLToPath(new URL('../../../visualizer/', import.meta.url));
const built = join(project, 'dist', 'index.html');

/** The page's file. Fails with ShoalError `notFound` when there is none and none can be made. */
export async function findPageFile({ say }: Pick<Output, 'say'>): Promise<string> {
  if (isSea()) return unpack();
  if (existsSync(published)) return published;
  if (existsSync(built) && !isOutdated()) return built;
  say('building the page, once');
  await build();
  return built;
}

/** Browsers want a file: it is written anew each time, since another version may have left its own. */
function unpack(): string {
  const path = join(stateFolder(), 'page.html');
  mkdirSync(stateFolder(), { recursive: true, mode: 0o700 });
  writeFileSync(path, getAsset('page.html', 'utf8'));
  return path;
}

/** Its text. */
export const findPage = async (output: Pick<Output, 'say'>): Promise<string> =>
  readFileSync(await findPageFile(output), 'utf8');

async function build(): Promise<void> {
  try {
    const vite = createRequire(join(project, 'package.json')).resolve('vite/package.json');
    const args = [join(vite, '..', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'];
    await promisify(execFile)(process.execPath, args, { cwd: project });
  } catch (cause) {
    throw new ShoalError('notFound', `the page cannot be built here (${(cause as Error).message}); try npm ci`, {
      cause,
    });
  }
}

/** Its sources have changed since. */
function isOutdated(): boolean {
  const { mtimeMs } = statSync(built);
  return readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' }).some(
    (file) => statSync(join(project, 'src', file)).mtimeMs > mtimeMs,
  );
}
