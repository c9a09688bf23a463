// A tracker in a process of its own, which says its port and is told what to do over IPC.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Server, Table } from '../contract.ts';

export type ToServer = { readonly type: 'settle' } | { readonly type: 'fill'; readonly table: Table };
export type FromServer = { readonly type: 'listening'; readonly port: number } | { readonly type: 'done' };

const nodeFlags = ['--expose-gc', '-C', '@shoal/source', '--disable-warning=ExperimentalWarning'];

export async function startProcess(program: string, { fills }: { readonly fills: boolean }): Promise<Server> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), { execArgv: nodeFlags });
  const listening = await answer(child);
  if (listening.type !== 'listening') throw new Error(`${program} does not say where it listens`);
  const perform = async (order: ToServer): Promise<void> => {
    child.send(order);
    await answer(child);
  };
  return {
    port: listening.port,
    pid: child.pid!,
    settle: () => perform({ type: 'settle' }),
    ...(fills ? { fill: (table: Table) => perform({ type: 'fill', table }) } : {}),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function answer(child: ChildProcess): Promise<FromServer> {
  const ended = new AbortController();
  child.once('exit', (code) => ended.abort(new Error(`a server ended with ${code}`)));
  const [message] = (await once(child, 'message', { signal: ended.signal })) as [FromServer];
  return message;
}

/** The other side: says where it listens, and obeys. */
export function serve(port: number, fill: (table: Table) => void = () => undefined): void {
  process.on('message', (order: ToServer) => {
    if (order.type === 'fill') fill(order.table);
    collect();
    setTimeout(() => {
      collect();
      tell({ type: 'done' });
    }, 100);
  });
  process.once('disconnect', () => process.exit());
  tell({ type: 'listening', port });
}

/** All there is, and the memory kept for more of it goes back to the system. */
const collect = (): void => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });

const tell = (message: FromServer): boolean => process.send!(message);
