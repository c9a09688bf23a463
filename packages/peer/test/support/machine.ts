// Peers in one process over a Loopback, with a folder that is gone after each test.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ErrorCode, type LinkPort, ShoalError } from '@shoal/machine';
import { openPeer, type OpenPeerOptions, type RunningPeer } from '../../src/node/index.ts';
import { Loopback } from './loopback.ts';

export class TestMachine implements AsyncDisposable {
  readonly folder: string;
  readonly #loopback = new Loopback();
  readonly #peers: RunningPeer[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<TestMachine> {
    return new TestMachine(await mkdtemp(join(tmpdir(), 'shoal-peer-')));
  }

  /** A carrier for who is no peer. */
  newLinks(): LinkPort {
    return this.#loopback.open();
  }

  async newPeer(options: Partial<OpenPeerOptions> = {}): Promise<RunningPeer> {
    const peer = await openPeer({ links: this.#loopback.open(), discovery: false, ...options });
    this.#peers.push(peer);
    return peer;
  }

  /** Writes files, by their paths below the folder. */
  async write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), bytes);
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** With what code a promise fails. */
export async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ShoalError) return error.code;
  throw new Error('no ShoalError', { cause: error });
}
