// What a peer of the ring leaves in its folder beside its chunks, so that it is the same peer when it comes back, on
// whatever port: its identity, and who asked it for chunks.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, formatAddress, parseAddress, ShoalError } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import { keyPairFrom } from '@shoal/transport-udp/node';

const identityName = '.identity';
const callersName = '.callers';
const keyBytes = 32;

export type Identity = ReturnType<typeof keyPairFrom>;

/** The identity kept in the folder; a new one is made and kept when there is none. Nobody else may read it. */
export function identityIn(folder: string): Identity {
  const path = join(folder, identityName);
  const kept = read(path);
  if (kept !== undefined) {
    const key = Buffer.from(kept.trim(), 'hex');
    if (key.length === keyBytes) return keyPairFrom(key);
    throw new ShoalError('authenticationFailed', `${path} is no identity: remove it, and the peer gets a new one`);
  }
  const key = randomBytes(keyBytes);
  write(folder, identityName, Buffer.from(key).toString('hex'));
  return keyPairFrom(key);
}

/** Where those were who asked this peer for chunks. */
export class Callers {
  readonly #folder: string;
  readonly #addresses: Set<string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#addresses = new Set((read(join(folder, callersName)) ?? '').split('\n').filter((line) => line !== ''));
  }

  get addresses(): Address[] {
    return [...this.#addresses].flatMap((line) => parseAddress(line) ?? []);
  }

  add(address: Address): void {
    const line = formatAddress(address);
    if (this.#addresses.has(line)) return;
    this.#addresses.add(line);
    write(this.#folder, callersName, [...this.#addresses].slice(-callersMax).join('\n'));
  }
}

/** In a ring there is one; more are kept for who is restarted here and there. */
const callersMax = 16;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ShoalError('permissionDenied', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function write(folder: string, name: string, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new ShoalError('permissionDenied', `${folder} cannot be written to: ${(cause as Error).message}`, { cause });
  }
}
