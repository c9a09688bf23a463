// What this user's processes share at the moment, a page for each in the state folder, so that `shoal leave` finds them from
// another terminal. Whoever takes a page away asks its process to leave: no signal goes to a process that is another one by
// now, and none to somebody else's.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from './folders.ts';

const lookEveryMs = 200;

const folder = (): string => join(stateFolder(), 'sharing');

export interface Page {
  readonly path: string;
  readonly name: string;
  readonly swarm: string;
  readonly pid: number;
}

type Content = Pick<Page, 'name' | 'swarm'>;

const pageOf = ({ name, swarm }: Content): string => JSON.stringify({ name, swarm, pid: process.pid });

/** One process's page. A folder that cannot be written to is no reason not to share: `leave` does not find it then. */
export class Presence implements Disposable {
  readonly #path: string;
  readonly #asked = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(content: Content) {
    const { pid } = process;
    this.#path = join(folder(), `${content.swarm}.${pid}.json`);
    try {
      mkdirSync(folder(), { recursive: true, mode: 0o700 });
      writeFileSync(this.#path, pageOf(content), { mode: 0o600 });
    } catch {
      return;
    }
    this.#timer = setInterval(() => !existsSync(this.#path) && this.#asked.resolve(), lookEveryMs).unref();
  }

  /** A new version is shared in the place of the one before. */
  renew(content: Content): void {
    try {
      writeFileSync(this.#path, pageOf(content), { flag: 'r+' }); // as long as before; and no new page, for who takes it away asks us to leave
    } catch {
      return;
    }
  }

  /** Resolves when the user asks us to leave. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    rmSync(this.#path, { force: true });
  }
}

/** The pages of processes that live. Those of others are taken away. */
export function readPresences(): Page[] {
  if (!existsSync(folder())) return [];
  const pages = readdirSync(folder()).flatMap((file) => readPage(join(folder(), file)) ?? []);
  for (const { path, pid } of pages) if (!isAlive(pid)) rmSync(path, { force: true });
  return pages.filter(({ pid }) => isAlive(pid));
}

/** Asks the process to leave. */
export const askToLeave = ({ path }: Page): void => rmSync(path, { force: true });

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined when it is none, or has gone. */
function readPage(path: string): Page | undefined {
  try {
    const { name, swarm, pid } = JSON.parse(readFileSync(path, 'utf8')) as Page;
    return typeof name === 'string' && typeof swarm === 'string' && pid > 0 ? { path, name, swarm, pid } : undefined;
  } catch {
    return undefined;
  }
}
