// One measurement: two fresh processes, each on its host of a network; so memory and CPU are that transport's alone.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assertNever } from '@shoal/machine';
import type { Figures } from './cases/case.ts';
import type { CaseName } from './cases/index.ts';
import type { Contact } from './contract.ts';
import { type Host, type Network, onHost } from './networks/network.ts';
import type { FromSide, Task, ToSide } from './side.ts';

export interface Measurement {
  readonly name: CaseName;
  readonly transport: string;
  readonly network: Network;
  readonly seconds: number;
  readonly verify?: boolean;
}

const sideProgram = fileURLToPath(new URL('side.ts', import.meta.url));
const nodeFlags = ['--expose-gc', '-C', '@shoal/source', '--disable-warning=ExperimentalWarning'];
const patienceSeconds = 30; // beyond what is measured: starting, connecting, winding up

/** Fails with what either side, or the clock, had against it. */
export async function runPair({ name, transport, network, seconds, verify = false }: Measurement): Promise<Figures> {
  const [listenerHost, diallerHost] = network.hosts;
  const task = { type: 'task', name, transport } as const;
  const setting = { seconds, verify };
  const listener = new Side(listenerHost);
  const dialler = new Side(diallerHost);
  const clock = Promise.withResolvers<never>();
  const waited = (patienceSeconds + seconds) * 1_000;
  const timer = setTimeout(() => clock.reject(new Error(`no result within ${waited / 1_000} s`)), waited);
  const measured = async (): Promise<Figures> => {
    await Promise.all([listener.next('started'), dialler.next('started')]);
    const contact = await listener.perform({ ...task, setting: { ...setting, host: listenerHost.address } });
    const dialled = await dialler.dial({ ...task, setting: { ...setting, host: diallerHost.address }, contact });
    return { ...dialled, ...(await listener.finish()) };
  };
  try {
    return await Promise.race([measured(), listener.failed, dialler.failed, clock.promise]);
  } finally {
    clearTimeout(timer);
    await Promise.all([listener.end(), dialler.end()]);
  }
}

class Side {
  readonly #process: ChildProcess;
  readonly #failure = Promise.withResolvers<never>();
  readonly #arrived = new Map<FromSide['type'], PromiseWithResolvers<FromSide>>();

  constructor(host: Host) {
    const [command, ...args] = onHost(host, process.execPath, ...nodeFlags, sideProgram);
    this.#process = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (message: FromSide) => this.#handle(message));
    this.#process.on('error', (error) => this.#failure.reject(error));
    this.#process.on('exit', (code, signal) => this.#failure.reject(new Error(`ended with ${signal ?? code}`)));
    this.#failure.promise.catch(() => undefined); // seen only by who races
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  async next<T extends FromSide['type']>(type: T): Promise<Extract<FromSide, { type: T }>> {
    return (await this.#expected(type).promise) as Extract<FromSide, { type: T }>;
  }

  async perform(task: Task): Promise<Contact> {
    this.#tell(task);
    return (await this.next('listening')).contact;
  }

  async dial(task: Task): Promise<Figures> {
    this.#tell(task);
    return (await this.next('done')).figures;
  }

  async finish(): Promise<Figures> {
    this.#tell({ type: 'finish' });
    return (await this.next('done')).figures;
  }

  /** At once: nothing of it is wanted any more. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  #tell(message: ToSide): void {
    this.#process.send(message, () => undefined); // a side that is gone has failed already
  }

  #expected(type: FromSide['type']): PromiseWithResolvers<FromSide> {
    let expected = this.#arrived.get(type);
    if (expected === undefined) this.#arrived.set(type, (expected = Promise.withResolvers()));
    return expected;
  }

  #handle(message: FromSide): void {
    switch (message.type) {
      case 'started':
      case 'listening':
      case 'done':
        return this.#expected(message.type).resolve(message);
      case 'failed':
        return this.#failure.reject(new Error(message.why));
      default:
        return assertNever(message);
    }
  }
}
