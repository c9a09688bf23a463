// A lab of netlab (README.md), held open by a Node program: hosts with bad links between them, for as long as wanted.

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const netlab = fileURLToPath(new URL('netlab', import.meta.url));

/** As in a star's file. */
export interface HostSpec {
  readonly name: string;
  readonly profile?: string;
  /** Both directions; `up` is towards the others, `down` from them. */
  readonly link?: string;
  readonly up?: string;
  readonly down?: string;
  readonly nat?: 'full-cone' | 'port-restricted' | 'symmetric';
}

export interface LabOptions {
  readonly hosts: readonly HostSpec[];
  readonly seed?: number;
  /** Of the hosts' interfaces; 1,500 without. */
  readonly mtu?: number;
  /** Largest TCP buffers. */
  readonly tcp_mem?: string;
}

export interface LabHost {
  readonly name: string;
  /** Behind a NAT the public one. */
  readonly address: string;
  /** Words to put before a command so that it runs on this host. */
  readonly enter: readonly [string, ...string[]];
}

/** What netlab has against this machine, or undefined. `nat`: for hosts behind NATs too. */
export function whyNoLab({ nat = false } = {}): string | undefined {
  const behind = nat ? ['--nat-b', 'port-restricted'] : [];
  const args = ['exec', ...behind, '--b-after', '0', '--a', 'true', '--b', 'true'];
  const { error, status, stderr } = spawnSync(netlab, args, { encoding: 'utf8' });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

/** Starts a lab, which ends with us at the latest. Fails with what netlab says. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'netlab-'));
  const file = join(folder, 'lab.json');
  writeFileSync(file, JSON.stringify(options));
  // Inside the lab a script says how to reach its hosts, then holds it open until our end of the pipe closes.
  const words = options.hosts
    .map(({ name }) => name.toUpperCase())
    .map((name) => `$NETLAB_HOST_${name} $NETLAB_IP_${name}`);
  const script = `echo $NETLAB_LAB ${words.join(' ')}; cat`;
  const started = spawn(netlab, ['star', file, '--stats', join(folder, 'counters.json'), '--', 'sh', '-c', script], {
    stdio: 'pipe',
  });
  const ended = once(started, 'exit').catch(() => undefined); // rejects when it could not start: `firstLine` tells
  try {
    const [name, ...said] = await firstLine(started);
    const hosts = options.hosts.map((host, i): LabHost => ({
      name: host.name,
      address: said[2 * i + 1]!,
      enter: ['ip', 'netns', 'exec', said[2 * i]!],
    }));
    return new Lab(name!, hosts, started, ended, folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export class Lab implements AsyncDisposable {
  readonly hosts: readonly LabHost[];
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;
  #closed: Promise<number> | undefined;

  /** Made by `openLab`. */
  constructor(name: string, hosts: readonly LabHost[], started: ChildProcess, ended: Promise<unknown>, folder: string) {
    this.hosts = hosts;
    this.#name = name;
    this.#process = started;
    this.#ended = ended;
    this.#folder = folder;
    process.once('exit', this.#removeFolder);
  }

  /** One of the commands for a running lab: `command('readdress', 'b')`. */
  async command(verb: string, ...words: string[]): Promise<void> {
    await promisify(execFile)(netlab, [verb, '--lab', this.#name, ...words]);
  }

  /** What each host has sent so far, in bytes of IP packets. */
  async bytesSent(): Promise<number[]> {
    const { stdout } = await promisify(execFile)(netlab, ['stats', '--lab', this.#name]);
    const { ports } = JSON.parse(stdout) as { ports: { up: { in_bytes: number } }[] };
    return ports.map(({ up }) => up.in_bytes);
  }

  /** Removes it. Resolves to the packets that the emulator was too slow to take: losses that are not the links'. */
  close(): Promise<number> {
    return (this.#closed ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<number> {
    this.#process.stdin!.end();
    await this.#ended;
    const counters = join(this.#folder, 'counters.json');
    const packets = existsSync(counters) ? overrun(readFileSync(counters, 'utf8')) : 0;
    process.off('exit', this.#removeFolder);
    this.#removeFolder();
    return packets;
  }

  #removeFolder = (): void => rmSync(this.#folder, { recursive: true, force: true });
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
