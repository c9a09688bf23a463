// Real Redis servers on loopback, for as long as a test file runs. SHOAL_REDIS_SERVER names another program (Valkey).

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from '@redis/client';

const program = process.env['SHOAL_REDIS_SERVER'] ?? 'redis-server';

/** Why there can be none; undefined when there can. */
export const noRedis: string | undefined = (() => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${program} is not installed (Debian package redis-server, or name one in SHOAL_REDIS_SERVER)`;
  }
})();

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A server that keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
  }

  static async start(port?: number, ...args: readonly string[]): Promise<RedisServer> {
    const chosen = port ?? (await freePort());
    const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const child = spawn(program, ['--port', String(chosen), ...quiet, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (/ready to accept connections/i.test(said)) break;
    }
    if (child.exitCode !== null) throw new Error(`redis-server did not start: ${said}`);
    return new RedisServer(chosen, child);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** SIGSTOP: it is there and does not answer. SIGKILL: it is gone. */
  async signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void> {
    const exited = name === 'SIGKILL' && this.#process.exitCode === null ? once(this.#process, 'exit') : undefined;
    this.#process.kill(name);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.signal('SIGKILL');
  }
}

/** A cluster of two that share the slots. */
export async function startCluster(folder: string): Promise<readonly [RedisServer, RedisServer]> {
  const start = async (name: string): Promise<RedisServer> => {
    const files = ['--dir', folder, '--cluster-config-file', `${name}.conf`];
    return RedisServer.start(
      undefined,
      '--cluster-enabled',
      'yes',
      ...files,
      '--cluster-port',
      String(await freePort()),
    );
  };
  const [one, two] = [await start('one'), await start('two')];
  const [a, b] = await Promise.all([one, two].map(({ url }) => createClient({ url }).connect()));
  await a!.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '8191']);
  await b!.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '8192', '16383']);
  const busPort = (await b!.configGet('cluster-port'))['cluster-port']!;
  await a!.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(two.port), busPort]);
  for (const client of [a!, b!]) {
    while (!(await client.clusterInfo()).includes('cluster_state:ok'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    client.destroy();
  }
  return [one, two];
}
