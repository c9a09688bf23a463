// Two endpoints in processes of their own on two hosts of a lab, for as long as a test wants them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type HostSpec,
  type Lab,
  type LabHost,
  type LabOptions,
  openLab,
  whyNoLab,
} from '../../../../tools/netlab/lab.ts';
import type { Answer, Calls, State } from './programs/side.ts';

const program = fileURLToPath(new URL('programs/side.ts', import.meta.url));
const flags = ['-C', '@shoal/source', '--disable-warning=ExperimentalWarning'];
const lookEveryMs = 20;
/** A transfer goes on for so much before and behind what happens in its middle. */
const bytesAround = 1_000_000;

/** Why there can be no lab here, which is also said once, or undefined. */
export const whyNot: string | undefined = whyNoLab({ nat: true });
if (whyNot !== undefined) process.stderr.write(`transfers through netlab are not tested: ${whyNot}\n`);

/** An endpoint on a host. */
export class Side {
  readonly host: LabHost;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  constructor(host: LabHost) {
    const [command, ...args] = host.enter;
    this.host = host;
    this.#process = spawn(command, [...args, process.execPath, ...flags, program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    this.#process.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the process on ${host.name} has ended`));
    });
  }

  call<Name extends keyof Calls>(name: Name, args: Calls[Name]['args']): Promise<Calls[Name]['result']> {
    const waiting = Promise.withResolvers<unknown>();
    this.#calls += 1;
    this.#waiting.set(this.#calls, waiting);
    this.#process.send({ id: this.#calls, name, args });
    return waiting.promise as Promise<Calls[Name]['result']>;
  }

  /** The first state that fulfils `condition`; fails when there is none in `ms`. */
  async until(condition: (state: State) => boolean, ms = 10_000): Promise<State> {
    const deadline = performance.now() + ms;
    for (;;) {
      const state = await this.call('state', {});
      if (condition(state)) return state;
      if (performance.now() > deadline) throw new Error(`still so after ${ms} ms: ${JSON.stringify(state)}`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

export class TwoHosts implements AsyncDisposable {
  readonly lab: Lab;
  readonly a: Side;
  readonly b: Side;

  private constructor(lab: Lab) {
    const [a, b] = lab.hosts;
    this.lab = lab;
    this.a = new Side(a!);
    this.b = new Side(b!);
  }

  /** `b` has the link that is said; `a`'s has no limits. */
  static async open(
    b: Omit<HostSpec, 'name'>,
    a: Omit<HostSpec, 'name'> = {},
    options: Omit<LabOptions, 'hosts'> = {},
  ): Promise<TwoHosts> {
    const named = [
      { name: 'a', ...a },
      { name: 'b', ...b },
    ];
    return new TwoHosts(await openLab({ ...options, hosts: named }));
  }

  /** `b` dials `a`. */
  async connect(): Promise<this> {
    const [{ port, peer }] = await Promise.all([this.a.call('open', {}), this.b.call('open', {})]);
    await this.b.call('dial', { host: this.a.host.address, port, expect: peer });
    await this.a.until(({ remote }) => remote !== '');
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.a.end(), this.b.end()]);
    await this.lab.close();
  }
}

/** What became of a transfer: nothing may be missing or damaged. */
export interface Outcome {
  readonly missingBytes: number;
  readonly damagedBytes: number;
}

/** Sends without end, lets something happen in the middle, sees it go on, and ends it. */
export async function transfer(from: Side, to: Side, inTheMiddle: () => Promise<void>): Promise<Outcome> {
  await from.call('start', {});
  await to.until(({ receivedBytes }) => receivedBytes >= bytesAround);
  await inTheMiddle();
  const { receivedBytes: during } = await to.call('state', {});
  await to.until(({ receivedBytes }) => receivedBytes >= during + bytesAround);
  return complete(from, to);
}

/** Ends what is being sent, and waits until it has arrived. */
export async function complete(from: Side, to: Side): Promise<Outcome> {
  const sentBytes = await from.call('stop', {});
  const { receivedBytes, damagedBytes } = await to.until(({ ended }) => ended === 1);
  return { missingBytes: sentBytes - receivedBytes, damagedBytes };
}
