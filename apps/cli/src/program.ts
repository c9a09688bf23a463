// The command line as commander reads it, made from the catalogue.

import { Argument, Command, CommanderError } from 'commander';
import about from '../package.json' with { type: 'json' };
import { modernSpelling } from './classic/spelling.ts';
import { catalogue, type CommandEntry, here } from './catalogue.ts';
import { exitCodes } from './exit-codes.ts';
import { commonFlags, type Flag, flags, optionOf } from './flags.ts';

/** Carries out one command: with its arguments and the command as it was parsed. */
export type Runner = (entry: CommandEntry, args: readonly unknown[], command: Command) => Promise<void>;

/** Runs the program with these arguments (without node and script); sets the exit status. */
export async function main(args: readonly string[]): Promise<void> {
  // Whoever reads no further, as `head` does, has what it wants.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    const words = modernSpelling(args);
    await makeProgram(runEntry, catalogue, words).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error.exitCode !== 0 && args.includes('--json')) await tellUsage(error.message);
  }
}

/** Commander has told people already. */
async function tellUsage(message: string): Promise<void> {
  const { eventLine } = await import('./output.ts');
  const event = { event: 'error', code: 'usage', message: message.replace(/^error: /, ''), status: exitCodes.usage };
  process.stdout.write(eventLine(event));
}

const runEntry: Runner = async (entry, args, command) => {
  // Whoever only asks for help does not wait for these.
  const [{ run }, { settle }] = await Promise.all([import('./run.ts'), import('./settings.ts')]);
  const commands = catalogue.map(({ name }) => name);
  await run(
    () => settle(command, commands, process.env),
    async (options, context) => (await entry.body())(...args, options, context),
  );
};

/**
 * What commander makes of the catalogue; whatever is asked for goes to `runner`. With `words`, flags are made for the
 * commands among them alone: all of them take a quarter of the time of `shoal --help`.
 */
export function makeProgram(
  runner: Runner,
  entries: readonly CommandEntry[] = catalogue,
  words?: readonly string[],
): Command {
  const program = new Command(about.name)
    .description('Send files and folders to many machines at once: whoever has a part serves it on.')
    .version(about.version, '-V, --version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'shoal:')) })
    .showHelpAfterError('`shoal --help` lists the commands')
    .addHelpCommand(new Command('help').argument('[command]').description('show how a command is used').helpGroup(here))
    .configureHelp({ minWidthToWrap: 20, subcommandTerm })
    .addHelpText('after', closing);
  for (const entry of entries) {
    const command = addCommand(program, entry, runner);
    if (words === undefined || words.includes(entry.name)) addFlags(command, entry);
  }
  return program;
}

/** Every command has options: to say so of each would take the room that words need at 80 columns. */
const subcommandTerm = (command: Command): string =>
  `${command.name()} ${command.usage().replace('[options]', '').trim()}`;

const closing = `
Every flag can be a variable (SHOAL_LIMIT_UP=500k) or a key of
~/.config/shoal/config.json ({ "limitUp": "500k" }); a flag comes first.
Exit status: 0 done, 2 usage, 3 not found, 4 timeout, 6 network,
7 unfinished (the same command goes on); others in the README.`;

function addCommand(program: Command, entry: CommandEntry, runner: Runner): Command {
  const command = program
    .command(entry.name, { hidden: entry.hidden ?? false })
    .helpGroup(entry.group)
    .description(entry.about)
    .exitOverride()
    .showHelpAfterError(`\`shoal ${entry.name} --help\` shows how it is used`)
    .addHelpText('after', ['', 'Examples:', ...entry.examples.map((example) => `  ${example}`)].join('\n'));
  for (const [usage, words, preset] of entry.takes ?? []) {
    const argument = new Argument(usage, words);
    command.addArgument(preset === undefined ? argument : argument.default(preset));
  }
  return command.action(async (...given: unknown[]) => runner(entry, given.slice(0, -2), command));
}

function addFlags(command: Command, entry: CommandEntry): void {
  for (const use of [...(entry.flags ?? []), ...commonFlags]) {
    const [name, own] = typeof use === 'string' ? [use, {}] : use;
    const flag: Flag = { ...flags[name], ...own };
    command.addOption(optionOf(flag));
    // As a default of commander's it would be in the help.
    if (flag.many === true) command.setOptionValueWithSource(name, [], 'default');
  }
}
