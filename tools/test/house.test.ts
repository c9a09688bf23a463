// Reads the repository itself: what CONTRIBUTING.md and ARCHITECTURE.md promise about every package.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const workspaces = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(join(root, folder)).map((name) => join(folder, name)),
);
const linesMax = 450; // about 400 is the rule; a file over this is split, or says at its head why not
const opensWithWhat = /^(#!.*\n)?(\/\/|\/\*\*)/;

const sources = (workspace: string): string[] =>
  readdirSync(join(root, workspace, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(workspace, 'src', file));

describe.each(workspaces)('%s', (workspace) => {
  test('has a README with the five headings', () => {
    const headings = read(workspace, 'README.md').match(/^## .*/gm);
    expect(headings).toEqual(['## What it is', '## A minute of use', '## Ideas', '## Limits', '## Where to look']);
  });

  test('is published with its licence, under the name the others use', () => {
    const manifest = JSON.parse(read(workspace, 'package.json')) as {
      name: string;
      license: string;
      private?: boolean;
    };
    expect(manifest).toMatchObject({ license: 'MIT' });
    expect(existsSync(join(root, workspace, 'LICENSE'))).toBe(true);
    expect(manifest.name).toBe(workspace === 'apps/cli' ? 'shoal' : `@shoal/${workspace.split('/')[1]}`);
  });

  test('every source file says at its head what it is, and is short enough to read', () => {
    const files = sources(workspace).map((file) => ({ file, text: read(file) }));
    expect(files.filter(({ text }) => !opensWithWhat.test(text)).map(({ file }) => file)).toEqual([]);
    expect(files.filter(({ text }) => text.split('\n').length > linesMax).map(({ file }) => file)).toEqual([]);
  });

  test('has no unfinished business', () => {
    const marked = sources(workspace).filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(read(file)));
    expect(marked).toEqual([]);
  });
});

describe('the map', () => {
  test('names only rooms that exist, and every package', () => {
    const map = read('ARCHITECTURE.md');
    const table = map.slice(map.indexOf('## To change X'));
    const rooms = [...table.matchAll(/`((?:packages|apps|tools)\/[^`]+|oxlint\.config\.ts)`/g)].map(
      (match) => match[1]!,
    );
    expect(rooms.length).toBeGreaterThan(8);
    expect(rooms.filter((room) => !existsSync(join(root, room)))).toEqual([]);
    for (const workspace of workspaces) expect(map).toContain(workspace);
  });
});
