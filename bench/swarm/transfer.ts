// One measurement: a sender made ready, receivers started at one moment, the time until each has all of the content.
// Every process is fresh. What arrived is compared with what was sent, after the clock.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cpuSeconds } from '../tracker/process-figures.ts';
import type { Host } from '../transport/networks/network.ts';
import type { Content, Program } from './contract.ts';
import { MemoryWatch } from './memory-watch.ts';

export interface Hosts {
  readonly tracker: Host;
  readonly sender: Host;
  readonly receivers: readonly Host[];
}

export interface Transfer {
  /** By receiver, from the start of its command on. */
  readonly seconds: readonly number[];
  /** Of the sender and of the first receiver: CPU time, and memory at its highest, since the process began. */
  readonly usage: Readonly<Record<string, number>>;
}

interface Options {
  readonly hosts: Hosts;
  /** For what arrives. */
  readonly folder: string;
  readonly secondsMax: number;
  /** Called while everybody still runs. */
  readonly look?: () => Promise<void>;
}

/** Fails with what a process, the clock or the comparison had against it. */
export async function transfer(program: Program, content: Content, options: Options): Promise<Transfer> {
  const scratch = mkdtempSync(join(options.folder, 'transfer-'));
  try {
    const folders = options.hosts.receivers.map((_, i) => join(scratch, `${i}`));
    for (const folder of folders) mkdirSync(folder);
    const figures = await timed(program, content, options, { scratch, folders });
    for (const folder of folders) compare(content.path, join(folder, basename(content.path)));
    return figures;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function timed(
  program: Program,
  content: Content,
  { hosts, secondsMax, look }: Options,
  { scratch, folders }: { readonly scratch: string; readonly folders: readonly string[] },
): Promise<Transfer> {
  const setting = { trackerHost: hosts.tracker, senderHost: hosts.sender, scratch };
  await using serving = await program.serve(content, setting);
  await using receivers = new AsyncDisposableStack();
  const began = performance.now();
  const started = hosts.receivers.map((host, i) => receivers.use(serving.get(host, folders[i]!)));
  using memory = new MemoryWatch({ sender: serving.senderPid, receiver: started[0]!.pid });
  const all = Promise.all(
    started.map(async ({ done }) => {
      await done;
      return (performance.now() - began) / 1_000;
    }),
  );
  const seconds = await within(secondsMax, all);
  await look?.();
  return {
    seconds,
    usage: { ...memory.peaks(), ...cpu('sender', serving.senderPid), ...cpu('receiver', started[0]!.pid) },
  };
}

async function within<T>(secondsMax: number, result: Promise<T>): Promise<T> {
  const clock = Promise.withResolvers<never>();
  const timer = setTimeout(() => clock.reject(new Error(`not done within ${secondsMax} s`)), secondsMax * 1_000);
  try {
    return await Promise.race([result, clock.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Nothing for a process that has ended. */
function cpu(side: string, pid: number | undefined): Record<string, number> {
  try {
    return pid === undefined ? {} : { [`${side}CpuSeconds`]: cpuSeconds(pid) };
  } catch {
    return {};
  }
}

function compare(sent: string, arrived: string): void {
  const { status, stdout, stderr } = spawnSync('diff', ['-rq', sent, arrived], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`what arrived is not what was sent: ${(stdout + stderr).slice(0, 200).trim()}`);
}
