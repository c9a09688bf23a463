// Starts the command line from source, for tests that drive it as its users do.

import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import { Player } from '../src/demo/cast.ts';

export const program = ['-C', '@shoal/source', fileURLToPath(new URL('../src/main.ts', import.meta.url))];
const playing: Player[] = [];

// Nothing that they remember is to land among the user's own.
process.env['XDG_STATE_HOME'] = temporaryFolder();
process.env['XDG_CONFIG_HOME'] = temporaryFolder();
// Programs from source start in half the time when what they compile is kept.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../../../node_modules/.cache/shoal-cli', import.meta.url));

/** A temporary folder, gone after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A `shoal …` that runs on, with --json; ended after the test. */
export function play(...args: string[]): Player {
  const player = new Player(args[0] ?? 'shoal', alone(args), program);
  playing.push(player);
  return player;
}

afterEach(async () => {
  await Promise.all(playing.splice(0).map((player) => player.stop()));
});

/** Keeps tests out of the local network. */
const alone = (args: readonly string[]): string[] =>
  ['get', 'share', 'send', 'receive'].includes(args[0]!) ? [...args, '--no-discovery'] : [...args];

/** What a command that ends by itself said. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `shoal …` to its end, as `uid` when given. */
export async function shoal(args: readonly string[], uid?: number): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { encoding: 'utf8', timeout: 100_000, ...(uid === undefined ? {} : { uid }) } as const;
    execFile(process.execPath, [...program, ...alone(args)], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ status, stdout, stderr });
    });
  });
}

/** A tracker on loopback; its address. */
export async function playTracker(): Promise<{ tracker: Player; address: string }> {
  const tracker = play('tracker', '--listen', '127.0.0.1:0');
  return { tracker, address: String((await tracker.next('listening'))['address']) };
}

/** An owner on loopback; its ticket. */
export async function playOwner(path: string, tracker: string): Promise<{ owner: Player; ticket: string }> {
  const owner = play('share', path, '--tracker', tracker, '--listen', '127.0.0.1:0');
  return { owner, ticket: String((await owner.next('sharing'))['ticket']) };
}

/** Ports that are free now. */
export async function freePorts(count: number): Promise<string[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4').bind(0, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'listening')));
  const ports = sockets.map((socket) => String(socket.address().port));
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  return ports;
}
