// Every command runs here: with its output and its interrupt, and with whatever it throws turned into one clear line
// and an exit status.

import { ShoalError, UsageError } from '@shoal/machine';
import { exitCodeOf } from './exit-codes.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { openOutput, type Output } from './output.ts';

/** What a command is given besides its arguments. */
export interface Context {
  readonly output: Output;
  readonly interrupt: Interrupt;
}

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly withStdin?: boolean;
}

/** Runs a command to its end and sets the exit status; never rejects. */
export async function run(options: CommonOptions, command: (context: Context) => Promise<void>): Promise<void> {
  const interrupt = listenForInterrupt();
  if (options.withStdin === true) stopWithStdin();
  const output = await openOutput(process.stdout, process.stderr, options.json === true);
  try {
    await command({ output, interrupt });
    process.exitCode = interrupt.status() ?? 0;
  } catch (error) {
    const stopped = interrupt.status();
    const status = stopped ?? exitCodeOf(error);
    process.exitCode = status;
    const message = error instanceof Error ? error.message : String(error);
    output.event({ event: 'error', code: codeOf(error), message, status });
    output.say(stopped === undefined || codeOf(error) === 'aborted' ? `shoal: ${message}` : 'shoal: stopped');
    if (stopped !== undefined) return;
    // Only a fault of our own is worth its stack: it is what a bug report needs.
    if (codeOf(error) === 'internal' && error instanceof Error) output.say(error.stack ?? '');
  }
}

function codeOf(error: unknown): string {
  if (error instanceof ShoalError) return error.code;
  return error instanceof UsageError ? 'usage' : 'internal';
}

/** A program started by another one ends with it, however that one ends: its stdin closes. */
function stopWithStdin(): void {
  process.stdin.resume();
  // Listening must not keep a finished program alive; a pipe is a socket, which can be told so.
  if ('unref' in process.stdin) process.stdin.unref();
  process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM'));
  process.stdin.once('error', () => process.kill(process.pid, 'SIGTERM'));
}
