// The command line: which commands there are. Each lives in `commands/`, named for it.

import { Command, CommanderError, Option } from 'commander';
import { addDemo } from './commands/demo.ts';
import { addGet } from './commands/get.ts';
import { addJoin } from './commands/join.ts';
import { addLs } from './commands/ls.ts';
import { addShare } from './commands/share.ts';
import { addSplit } from './commands/split.ts';
import { addTracker } from './commands/tracker.ts';
import { addView } from './commands/view.ts';
import { addWhere } from './commands/where.ts';
import { addWhy } from './commands/why.ts';
import { exitCodes } from './exit-codes.ts';

/** Runs the program with these arguments (without node and script); sets the exit status. */
export async function main(args: readonly string[]): Promise<void> {
  const program = new Command('shoal')
    .description('Send files and folders to many machines at once: whoever has a part serves it on.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit status: 0 done, 2 usage, 3 not found, 4 timeout, 6 network, 7 unfinished (resumable), others in the README.',
    );
  for (const add of [addTracker, addShare, addGet, addLs, addWhere, addWhy, addSplit, addJoin, addDemo, addView])
    addCommonOptions(add(program));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  }
}

function addCommonOptions(command: Command): void {
  command
    .exitOverride()
    .option('--json', 'print events, one JSON object a line, on stdout')
    .addOption(new Option('--with-stdin', 'stop when stdin closes').hideHelp());
}
