// What the first words wait for: help, the version and usage errors come from the catalogue alone, and load nothing of
// what transfers are made of.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { program } from './programs.ts';

/** Tells each file that is loaded, on stderr. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => (writeSync(2, 'loaded ' + url + '\\n'), next(url, context)) });
`)}`;

function loadedBy(...args: string[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', telling, ...program, ...args], {
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`).toMatch(/Usage: shoal|unknown option|^\d+\.\d+\.\d+/m);
  const files = Array.from(stderr.matchAll(/^loaded file:\S*?\/((?:apps|packages|node_modules)\/\S+)/gm), ([, file]) =>
    file!.replace(/^.*node_modules\/([^/]+)\/.*/, '$1').replace(/^apps\/cli\//, ''),
  );
  return [...new Set(files)].toSorted();
}

const catalogueAlone = [
  'commander',
  'package.json',
  ...['catalogue', 'classic/spelling', 'exit-codes', 'flags', 'main', 'program'].map((name) => `src/${name}.ts`),
];

test.each([[['--help']], [['--version']], [['get', '--help']], [['get', '--limit-donw', '1']]])(
  '%j loads the catalogue and nothing else',
  (args) => {
    expect(loadedBy(...args)).toEqual(catalogueAlone);
  },
);

test('help goes to a reader that reads no further', () => {
  const { stderr } = spawnSync('sh', ['-c', '"$@" --help | true', 'sh', process.execPath, ...program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
});
