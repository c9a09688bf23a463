// The demo's processes: each is this very program, started as another person would start it, with --json to listen to.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isSea } from 'node:sea';
import { ShoalError } from '@shoal/machine';
import { readErrorCode } from '../error-status.ts';

/** One line of a child's --json output. */
export type ChildEvent = { readonly event: string } & Record<string, unknown>;

const killAfterMs = 5_000; // a child that ignores SIGTERM that long is ended for it

/** Node's arguments that start this very program again, before the program's own. */
const thisProgram: readonly string[] = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''];

/** A running `shoal …`. */
export class Player {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #stderr: string[] = [];
  readonly #exited: Promise<void>;
  readonly #listeners = new Set<(event: ChildEvent | undefined) => void>();
  exitCode: number | undefined;
  #errorCode: unknown;

  constructor(name: string, args: readonly string[], program: readonly string[] = thisProgram) {
    this.name = name;
    this.#child = spawn(process.execPath, [...program, ...args, '--json', '--with-stdin'], {
      // Its stdin closes when the demo is gone, however it went, and --with-stdin ends it then.
      stdio: ['pipe', 'pipe', 'pipe'],
      // A Ctrl-C at the terminal goes to the demo alone, which then stops its players in order.
      detached: process.platform !== 'win32',
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#heard(line));
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.#stderr.push(line));
    this.#exited = new Promise<void>((resolve) => {
      this.#child.once('error', (error) => {
        this.#stderr.push(error.message);
        resolve();
      });
      this.#child.once('close', (code, signal) => {
        this.exitCode = code ?? (signal === null ? 1 : 128);
        resolve();
      });
    }).then(() => this.#tell(undefined));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Why it ended: what it said last to people, with the code it gave. */
  get failure(): ShoalError {
    const words = this.#stderr.findLast((line) => line !== '') ?? `ended with status ${this.exitCode}`;
    const code = readErrorCode(this.#errorCode) ?? 'unfinished';
    return new ShoalError(code, `${this.name}: ${words.replace(/^shoal: /, '')}`);
  }

  /** Calls `listener` for every event from now on, and with undefined when the process is gone. */
  listen(listener: (event: ChildEvent | undefined) => void): void {
    this.#listeners.add(listener);
  }

  /** The first event of this name from now on; rejects when the process ends before, or has ended. */
  async next(name: string): Promise<ChildEvent> {
    return new Promise((resolve, reject) => {
      if (this.exitCode !== undefined) reject(this.failure);
      const listener = (event: ChildEvent | undefined): void => {
        if (event !== undefined && event.event !== name) return;
        this.#listeners.delete(listener);
        if (event === undefined) reject(this.failure);
        else resolve(event);
      };
      this.#listeners.add(listener);
    });
  }

  /** Resolves with the exit status when the process is gone. */
  async ended(): Promise<number> {
    await this.#exited;
    return this.exitCode ?? 0;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Asks it to stop and waits until it has. */
  async stop(): Promise<void> {
    if (this.exitCode !== undefined) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), killAfterMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #heard(line: string): void {
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as ChildEvent;
    if (event.event === 'error') this.#errorCode = event['code'];
    this.#tell(event);
  }

  #tell(event: ChildEvent | undefined): void {
    for (const listener of this.#listeners) listener(event);
  }
}
