// `shoal completion`: the script that lets a shell complete what is typed; it asks the hidden `shoal complete`.

import tab from '@bomb.sh/tab/commander';
import { UsageError } from '@shoal/machine';
import type { Command } from 'commander';
import { catalogue } from '../catalogue.ts';
import { makeProgram } from '../program.ts';

const shells = ['bash', 'zsh', 'fish', 'powershell'];

export async function completion(shell: string): Promise<void> {
  if (!shells.includes(shell)) throw new UsageError('shell', `"${shell}" is none of ${shells.join(', ')}`);
  if (shell === 'bash') process.stdout.write(bashWords);
  await tabbed().parseAsync(['completion', shell], { from: 'user' });
}

export async function complete(words: readonly string[]): Promise<void> {
  await tabbed().parseAsync(['complete', '--', ...words], { from: 'user' });
}

/** The library's script for bash calls this function of the package bash-completion, which not everybody has. */
const bashWords = `type _get_comp_words_by_ref >/dev/null 2>&1 || _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD
    cur=\${words[cword]}; prev=\${words[cword > 0 ? cword - 1 : 0]}
}
`;

/** The same command line again, with the two commands of the library in the place of ours. */
function tabbed(): Command {
  const program = makeProgram(
    async () => {},
    catalogue.filter(({ name }) => name !== 'completion' && name !== 'complete'),
  );
  tab(program, { completionCommandName: 'completion' });
  return program;
}
