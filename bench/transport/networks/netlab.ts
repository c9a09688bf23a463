// Two hosts with a bad network between them, emulated by tools/netlab.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
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

export interface Lab extends Network {
  /** Removes it. Resolves to the packets that the emulator was too slow to take: losses that are not the profile's. */
  close(): Promise<number>;
}

/** Starts a lab, which ends with us at the latest; the dialling host's link has the profile, the other's no limits. Fails with what netlab says. */
export async function openNetlab(profile: string): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-netlab-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const [file, counters] = [join(folder, 'lab.json'), join(folder, 'counters.json')];
  const hosts = [
    { name: 'a', profile },
    { name: 'b', profile: 'loopback' },
  ];
  writeFileSync(file, JSON.stringify({ hosts, tcp_mem: tcpMemory[profile] }));
  // Inside the lab a script says how to reach its hosts, then holds it open until our end of the pipe closes.
  const script = 'echo $NETLAB_HOST_A $NETLAB_IP_A $NETLAB_HOST_B $NETLAB_IP_B; cat';
  const lab = spawn(netlab, ['star', file, '--stats', counters, '--', 'sh', '-c', script], { stdio: 'pipe' });
  const ended = once(lab, 'exit').catch(() => undefined); // rejects when it could not start: `firstLine` tells
  let closed: Promise<number> | undefined;
  const close = async (): Promise<number> => {
    lab.stdin.end();
    await ended;
    const packets = existsSync(counters) ? overrun(readFileSync(counters, 'utf8')) : 0;
    process.off('exit', removeFolder);
    removeFolder();
    return packets;
  };
  const closeOnce = (): Promise<number> => (closed ??= close());
  try {
    const [namespaceA, addressA, namespaceB, addressB] = await firstLine(lab);
    return {
      name: profile,
      hosts: [
        { address: addressB!, enter: ['ip', 'netns', 'exec', namespaceB!] },
        { address: addressA!, enter: ['ip', 'netns', 'exec', namespaceA!] },
      ],
      close: closeOnce,
      [Symbol.asyncDispose]: async () => void (await closeOnce()),
    };
  } catch (error) {
    await closeOnce();
    throw error;
  }
}

async function firstLine(lab: ChildProcess): Promise<string[]> {
  let said = '';
  lab.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const words = Promise.withResolvers<string[]>();
  createInterface({ input: lab.stdout! }).once('line', (line) => words.resolve(line.split(' ')));
  lab.once('error', words.reject);
  lab.once('exit', () => words.reject(new Error(said.trim())));
  return words.promise;
}

function overrun(counters: string): number {
  const { ports } = JSON.parse(counters) as { ports: { overrun: number }[] };
  return ports.reduce((sum, port) => sum + port.overrun, 0);
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
