// The catalogue as people use it: every example is understood, every flag can be a variable or stand in the config
// file, and words that are not known get a suggestion.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../src/catalogue.ts';
import { commonFlags, flags, variableOf } from '../src/flags.ts';
import { makeProgram } from '../src/program.ts';
import { settle } from '../src/settings.ts';
import { shoal, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();

/** The command that these words ask for, and its arguments. */
async function parse(words: readonly string[]): Promise<{ command: Command; args: readonly unknown[] }> {
  const asked: { command: Command; args: readonly unknown[] }[] = [];
  const program = makeProgram(async (_entry, args, command) => void asked.push({ command, args }));
  await program.parseAsync(words, { from: 'user' });
  return asked[0]!;
}

/** The words of a line as a shell would hand them over, up to the first pipe, redirection or next command. */
const wordsOf = (line: string): string[] =>
  Array.from(line.split(/ (?:[|>]|&&) /)[0]!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g), ([, single, double, plain]) =>
    String(single ?? double ?? plain),
  );

describe('the catalogue', () => {
  test.each(catalogue)('examples of $name are understood', async ({ name, examples }) => {
    const own = examples.filter((example) => example.startsWith(`shoal ${name}`));
    expect(own).not.toEqual([]);
    for (const example of examples) {
      const [program, command, ...rest] = wordsOf(example);
      expect(program).toBe('shoal');
      expect((await parse([command!, ...rest])).command.name()).toBe(command);
    }
  });

  test('says no default of a flag that may be given several times: it is to give none', () => {
    const helps = makeProgram(async () => undefined).commands.map((command) => command.helpInformation());
    expect(helps.join('')).toContain('may be given');
    expect(helps.join('')).not.toMatch(/default:\s+(none|\[\])/);
  });

  test('has no flag that no command takes', () => {
    const used = catalogue.flatMap((entry) => entry.flags ?? []).map((use) => (typeof use === 'string' ? use : use[0]));
    expect(Object.keys(flags).filter((name) => ![...commonFlags, ...used].includes(name as never))).toEqual([]);
  });

  test('names each flag in the config file as commander would', () => {
    const unlike = Object.entries(flags).filter(([name, { usage }]) => {
      const long = /--([a-z-]+)/.exec(usage)![1]!;
      return long.replace(/-./g, (dash) => dash[1]!.toUpperCase()) !== name;
    });
    expect(unlike).toEqual([]);
    expect(variableOf('limitUp')).toBe('SHOAL_LIMIT_UP');
  });
});

const config = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const settled = async (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  settle((await parse(words)).command, ['share', 'get', 'tracker'], env);

describe('settings', () => {
  test('a flag comes before a variable, that before the config file, that before the default', async () => {
    const file = config(
      'all.json',
      '{ "timeout": 9, "limitUp": "1k", "limitDown": "1k", "tracker": ["a:1"], "share": { "limitUp": "2k" } }',
    );
    const env = { SHOAL_LIMIT_UP: '3k', SHOAL_TRACKER: 'b:2,c:3', SHOAL_CONFIG: '' };
    expect(await settled(['share', 'x', '--config', file])).toMatchObject({
      timeout: '9',
      limitUp: '2k',
      limitDown: '1k',
      tracker: ['a:1'],
      listen: '0',
    });
    expect(await settled(['get', 'x', '--config', file], env)).toMatchObject({
      limitUp: '3k',
      tracker: ['b:2', 'c:3'],
    });
    const flagged = ['get', 'x', '--config', file, '--limit-up', '4k', '--tracker', 'd:4'];
    expect(await settled(flagged, env)).toMatchObject({ limitUp: '4k', tracker: ['d:4'] });
  });

  test('a switch is on or off, also one that says no', async () => {
    const env = { SHOAL_NO_DISCOVERY: '1', SHOAL_SEED: '0', SHOAL_JSON: 'yes' };
    expect(await settled(['get', 'x'], env)).toMatchObject({ discovery: false, json: true });
    expect(await settled(['get', 'x'], env)).not.toHaveProperty('seed');
    await expect(settled(['get', 'x'], { SHOAL_SEED: 'maybe' })).rejects.toThrow('SHOAL_SEED: "maybe"');
    await expect(settled(['demo'], { SHOAL_KILL: 'me' })).rejects.toThrow(/SHOAL_KILL.*receiver, tracker/);
  });

  test('a key that is wrong is named, with those that are right', async () => {
    const wrong = config('wrong.json', '{ "limtUp": "1k" }');
    await expect(settled(['share', 'x', '--config', wrong])).rejects.toThrow(/wrong\.json has "limtUp".*limitUp/);
    const section = config('section.json', '{ "share": { "seed": true } }');
    await expect(settled(['share', 'x', '--config', section])).rejects.toThrow(/section\.json, share has "seed"/);
    const other = config('other.json', '{ "seed": true, "get": { "sequential": true } }');
    expect(await settled(['share', 'x', '--config', other])).not.toHaveProperty('sequential');
    await expect(settled(['ls', '--config', config('broken.json', '{')])).rejects.toThrow(/broken\.json is no JSON/);
    await expect(settled(['ls', '--config', join(folder, 'none.json')])).rejects.toThrow('does not exist');
  });
});

describe('the program', () => {
  test('suggests what was meant, and says its version', async () => {
    const typo = await shoal(['shrae', 'x']);
    expect(typo).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean share?') });
    const flag = await shoal(['get', 'shoal:x', '--limit-donw', '5M']);
    expect(flag).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean --limit-down?') });
    const shell = await shoal(['completion', 'tcsh']);
    expect(shell).toMatchObject({ status: 2, stderr: expect.stringMatching(/^shoal: .* none of bash, zsh, .*\n$/) });
    const missing = await shoal(['share']);
    expect(missing).toMatchObject({
      status: 2,
      stderr: "shoal: missing required argument 'path'\n`shoal share --help` shows how it is used\n",
    });
    expect(await shoal(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
