// A process of a measured program on its host: what it says line by line, and its end at ours at the latest.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Host, onHost } from '../transport/networks/network.ts';

const complaintsMax = 2_000; // characters: the end of what it had to say

export class Running implements AsyncDisposable {
  static readonly #alive = new Set<Running>();
  static {
    process.once('exit', () => {
      for (const running of Running.#alive) running.#kill();
    });
  }

  readonly #process: ChildProcess;
  readonly #ended = Promise.withResolvers<void>();
  readonly #listeners = new Set<(line: string) => void>();
  #complaints = '';

  constructor(host: Host, ...words: [string, ...string[]]) {
    const [command, ...args] = onHost(host, ...words);
    const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = started;
    this.#ended.promise.catch(() => undefined); // seen only by who waits for it
    createInterface({ input: started.stdout }).on('line', (line) => {
      for (const listener of this.#listeners) listener(line);
    });
    started.stderr.on('data', (bytes: Buffer) => {
      this.#complaints = (this.#complaints + bytes.toString()).slice(-complaintsMax);
    });
    started.once('error', this.#ended.reject);
    started.once('close', (code, signal) => {
      if (code === 0) return this.#ended.resolve();
      this.#ended.reject(new Error(`${words[0]} ended with ${signal ?? code}: ${this.#complaints.trim()}`));
    });
    Running.#alive.add(this);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Without trouble. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** What `read` makes of the first line from now on of which it makes something. */
  async says<T>(read: (line: string) => T | undefined): Promise<T> {
    const said = Promise.withResolvers<T>();
    const listener = (line: string): void => {
      const made = read(line);
      if (made !== undefined) said.resolve(made);
    };
    this.#listeners.add(listener);
    const early = this.ended.then(() => {
      throw new Error('it ended without the word that was waited for');
    });
    try {
      return await Promise.race([said.promise, early]);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** At once: nothing of it is wanted any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    Running.#alive.delete(this);
    const { exitCode, signalCode, pid } = this.#process;
    if (exitCode !== null || signalCode !== null || pid === undefined) return;
    const exited = once(this.#process, 'exit');
    this.#kill();
    await exited;
  }

  #kill(): void {
    this.#process.kill('SIGKILL');
  }
}
