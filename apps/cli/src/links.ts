// The socket of a peer, as its options want it: where it listens, who it is, who may talk to it, and how it gives way.

import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ShoalError, UsageError } from '@shoal/machine';
import type { TransferPriority } from '@shoal/transport-udp';
import { generateKeyPair, keyPairFrom, type NodeLinks, openLinks } from '@shoal/transport-udp/node';
import { readListen, readPsk, readText } from './options.ts';

export interface LinkOptions {
  readonly listen?: string;
  readonly pskFile?: string;
  readonly identity?: string;
  readonly priority?: TransferPriority;
}

/** Opens it. Fails as reading the files of its options does, and as `openLinks` does. */
export const openOwnLinks = ({ listen, pskFile, identity, priority }: LinkOptions): Promise<NodeLinks> =>
  openLinks({
    ...(listen !== undefined && readListen('--listen', listen)),
    ...readPsk(pskFile),
    ...(identity !== undefined && { keyPair: readIdentity(identity) }),
    ...(priority !== undefined && { config: { priority } }),
  });

/** The identity in the file, which is made, for its owner alone, when it is not there. */
function readIdentity(path: string): ReturnType<typeof keyPairFrom> {
  if (path !== '-' && !existsSync(path)) return makeIdentity(path);
  const isOpen = path !== '-' && process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0;
  if (isOpen) throw new ShoalError('permissionDenied', `--identity: others can read ${path}: chmod 600 ${path}`);
  const text = readText('--identity', path).trim();
  if (!/^[\da-f]{64}$/i.test(text))
    throw new UsageError('--identity', `${path} holds no identity; name a file that is not there to have one made`);
  return keyPairFrom(new Uint8Array(Buffer.from(text, 'hex')));
}

function makeIdentity(path: string): ReturnType<typeof keyPairFrom> {
  const pair = generateKeyPair();
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${Buffer.from(pair.privateKey).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new ShoalError('permissionDenied', `--identity: ${path} cannot be written`, { cause });
  }
  return pair;
}
