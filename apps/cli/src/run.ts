// Every command runs here: with its options, its output and its interrupt, and with whatever it throws turned into one
// clear line and an exit status.

import { ShoalError, UsageError } from '@shoal/machine';
import { exitCodeOf } from './error-status.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { openOutput, type Output, type OutputOptions } from './output.ts';

/** What a command is given besides its arguments and options. */
export interface Context {
  readonly output: Output;
  readonly interrupt: Interrupt;
  /** What to type to do the same again. */
  readonly again: string;
}

/** What was stopped half-way, and keeps what it has. */
export const stoppedHalfWay = ({ again }: Context): ShoalError =>
  new ShoalError('aborted', `stopped; this goes on where it was: ${again}`);

/** The options that every command has. */
export interface CommonOptions extends OutputOptions {
  readonly withStdin?: boolean;
}

/** Runs a command to its end and sets the exit status; never rejects. */
export async function run<Options extends CommonOptions>(
  readOptions: () => Options,
  command: (options: Options, context: Context) => Promise<void>,
): Promise<void> {
  const interrupt = listenForInterrupt();
  let output = await openOutput(process.stdout, process.stderr, { json: process.argv.includes('--json') });
  try {
    const options = readOptions();
    if (options.withStdin === true) stopWithStdin();
    output = await openOutput(process.stdout, process.stderr, options);
    await command(options, { output, interrupt, again: ['shoal', ...process.argv.slice(2)].map(quote).join(' ') });
    process.exitCode = interrupt.status() ?? 0;
  } catch (error) {
    process.exitCode = tellTrouble(error, interrupt.status(), output);
  }
}

/** Says what went wrong; the exit status. `stopped` is that of a signal, when one came. */
function tellTrouble(error: unknown, stopped: number | undefined, output: Output): number {
  const status = stopped ?? exitCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  output.event({ event: 'error', code, message, status });
  output.complain(stopped === undefined || code === 'aborted' ? `shoal: ${message}` : 'shoal: stopped');
  // Only a fault of our own is worth its stack: it is what a bug report needs.
  if (stopped === undefined && code === 'internal' && error instanceof Error) output.complain(error.stack ?? '');
  return status;
}

function codeOf(error: unknown): string {
  if (error instanceof ShoalError) return error.code;
  return error instanceof UsageError ? 'usage' : 'internal';
}

/** A word as a shell has to be told it. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** A program started by another one ends with it, however that one ends: its stdin closes. */
function stopWithStdin(): void {
  process.stdin.resume();
  // Listening must not keep a finished program alive; a pipe is a socket, which can be told so.
  if ('unref' in process.stdin) process.stdin.unref();
  process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM'));
  process.stdin.once('error', () => process.kill(process.pid, 'SIGTERM'));
}
