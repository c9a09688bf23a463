// Two hosts with a bad network between them, emulated by tools/netlab.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lab, openLab } from '../../../tools/netlab/lab.ts';
import { type Network, onHost, run } from './network.ts';

const netlab = fileURLToPath(new URL('../../../tools/netlab/netlab', import.meta.url));

export interface Profile {
  readonly name: string;
  /** Of each direction; undefined without a limit. */
  readonly megabitsPerSecond: number | undefined;
}

/** All that netlab has. Throws where Python is missing. */
export function profiles(): Profile[] {
  const lines = run(netlab, 'profiles').trim().split('\n');
  return lines.map((line) => {
    const [, rate, unit] = /\brate=([\d.]+)([mg])bit\b/.exec(line) ?? [];
    const megabits = rate === undefined ? undefined : Number(rate) * (unit === 'g' ? 1_000 : 1);
    return { name: line.split(' ', 1)[0]!, megabitsPerSecond: megabits };
  });
}

/** TCP needs more than the usual buffers to fill a link that is long and fast. */
const tcpMemory: Readonly<Record<string, string>> = { longfat: '64M' };

/** A network until it is closed, which tells how many packets the emulator was too slow to take. */
export interface EmulatedNetwork extends Network {
  readonly close: Lab['close'];
}

/** The dialling host's link has the profile, the other's no limits. Fails with what netlab says. */
export async function openNetlab(profile: string, seed = 1): Promise<EmulatedNetwork> {
  const hosts = [
    { name: 'a', profile },
    { name: 'b', profile: 'loopback' },
  ];
  const tcpMem = tcpMemory[profile];
  const lab = await openLab({ hosts, seed, ...(tcpMem === undefined ? {} : { tcp_mem: tcpMem }) });
  const [dialler, listener] = lab.hosts;
  return {
    name: profile,
    hosts: [listener!, dialler!],
    close: () => lab.close(),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

/**
 * Makes the dialling host's TCP use that congestion control. By its route: a namespace may otherwise choose only among
 * what the machine's administrator allows to everybody.
 */
export function setCongestionControl({ hosts: [listener, dialler] }: Network, name: string): void {
  const ip = (...words: string[]): string => run(...onHost(dialler, 'ip', ...words));
  const { dev } = (JSON.parse(ip('-j', 'route', 'get', listener.address)) as [{ dev: string }])[0];
  ip('route', 'replace', listener.address, 'dev', dev, 'congctl', name);
}

/** Whether this kernel has it, as a module not yet loaded too. */
export function hasCongestionControl(name: string): boolean {
  spawnSync('modprobe', [`tcp_${name}`]);
  const available = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8');
  return available.trim().split(' ').includes(name);
}
