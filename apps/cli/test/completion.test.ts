// Completion as each shell does it, for the shells that are installed here.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, temporaryFolder } from './programs.ts';

const folder = temporaryFolder();
const bin = join(folder, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'shoal'), `#!/bin/sh\nexec '${process.execPath}' ${program.join(' ')} "$@"\n`);
chmodSync(join(bin, 'shoal'), 0o755);
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, HOME: folder, TERM: 'dumb' };

const scriptFor = (shell: string): string => {
  const path = join(folder, `shoal.${shell}`);
  writeFileSync(path, execFileSync(join(bin, 'shoal'), ['completion', shell], { env, encoding: 'utf8' }));
  return path;
};

const isHere = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What each shell would offer for the words, by the script for it. */
const ask: Readonly<Record<string, (words: readonly string[]) => string>> = {
  bash(words) {
    const typed = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}`;
    return run('bash', `source '${scriptFor('bash')}'; ${typed}; __shoal_complete; printf '%s\\n' "\${COMPREPLY[@]}"`);
  },
  fish: (words) => run('fish', `source '${scriptFor('fish')}'; complete -C '${words.join(' ')}'`),
  // Only its line editor may call the real ones.
  zsh(words) {
    const editor = 'compdef() {}; _describe() { print -l -- $completions }';
    return run(
      'zsh',
      `${editor}; source '${scriptFor('zsh')}'; words=(${words.join(' ')}); CURRENT=${words.length}; _shoal`,
    );
  },
};

const run = (shell: string, script: string): string =>
  execFileSync(shell, ['-c', script], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe('completion', () => {
  for (const shell of ['bash', 'fish', 'zsh']) {
    const why = isHere(shell) ? '' : ` (skipped: ${shell} is not installed)`;
    test.skipIf(why !== '')(`of ${shell} offers commands and flags${why}`, () => {
      expect(ask[shell]!(['shoal', 've'])).toContain('verify');
      expect(ask[shell]!(['shoal', 'get', '--limit-d'])).toContain('--limit-down');
    });
  }
});
