// Proves that the lint rules of the house bite: each rule is broken on purpose in a copy of the layout.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const house = mkdtempSync(join(tmpdir(), 'shoal-lint-'));

const broken: [file: string, line: string, rule: string][] = [
  ['packages/wire/src/core-node.ts', "export { createSocket } from 'node:dgram';", 'no-restricted-imports'],
  ['packages/wire/src/core-bare.ts', "export { createSocket } from 'dgram';", 'no-restricted-imports'],
  ['packages/wire/src/core-shell.ts', "export { nodeClock } from '@shoal/machine/node';", 'no-restricted-imports'],
  ['packages/chunker/src/own-shell.ts', "export { scan } from './node/scan.ts';", 'no-restricted-imports'],
  ['packages/wire/src/clock.ts', 'export const at = Date.now();', 'no-restricted-properties'],
  ['packages/wire/src/dice.ts', 'export const drawn = Math.random();', 'no-restricted-properties'],
  ['packages/wire/src/timer.ts', 'export const timer = setTimeout;', 'no-restricted-globals'],
  ['packages/wire/src/env.ts', 'export const home = process.env.HOME;', 'no-restricted-globals'],
  ['packages/wire/src/log.ts', "console.log('hello');", 'no-restricted-globals'],
  ['packages/wire/src/arrow.ts', "export { openPeer } from '@shoal/peer';", 'no-restricted-imports'],
  ['packages/chunker/src/node/arrow.ts', "export { encode } from '@shoal/wire';", 'no-restricted-imports'],
  ['packages/wire/src/relative.ts', "export { x } from '../../tracker/src/index.ts';", 'no-restricted-imports'],
  ['packages/peer/src/node/inside.ts', "export { x } from '@shoal/wire/src/codec.ts';", 'no-restricted-imports'],
  ['packages/machine/src/up.ts', "export { encode } from '@shoal/wire';", 'no-restricted-imports'],
];

const allowed: [file: string, line: string][] = [
  ['packages/chunker/src/node/shell.ts', "export { createSocket } from 'node:dgram';"],
  ['packages/chunker/src/node/clock.ts', 'export const at: number = Date.now();'],
  ['packages/peer/src/arrow.ts', "export { encode } from '@shoal/wire';"],
];

let reported: { filename: string; code: string }[] = [];

beforeAll(() => {
  for (const file of ['oxlint.config.ts', 'package.json', 'tsconfig.base.json'])
    cpSync(join(root, file), join(house, file));
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'), 'junction');
  for (const [file, line] of [...broken, ...allowed]) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), `${line}\n`);
  }
  reported = lint();
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

function lint(): typeof reported {
  const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json', 'packages'];
  try {
    execFileSync(process.execPath, args, { cwd: house, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (JSON.parse((error as { stdout: string }).stdout) as { diagnostics: typeof reported }).diagnostics;
  }
  return [];
}

describe('lint', () => {
  test.each(broken)('refuses %s: %s', (file, _line, rule) => {
    expect(reported.filter(({ filename }) => filename === file).map(({ code }) => code)).toContain(`eslint(${rule})`);
  });

  test.each(allowed)('accepts %s: %s', (file) => {
    expect(reported.filter(({ filename, code }) => filename === file && code.includes('restricted'))).toEqual([]);
  });
});
