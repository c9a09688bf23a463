// Two hosts and the path between them, for as long as it is held.

import { spawnSync } from 'node:child_process';

export interface Host {
  readonly address: string;
  /** Words to put before a command so that it runs on this host. */
  readonly enter: readonly string[];
}

export interface Network extends AsyncDisposable {
  readonly name: string;
  readonly hosts: readonly [Host, Host];
}

/** The words that run a command on a host. */
export const onHost = ({ enter }: Host, ...words: [string, ...string[]]): [string, ...string[]] =>
  [...enter, ...words] as unknown as [string, ...string[]];

/** Why this machine cannot have networks of its own, or undefined. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['-V']).status !== 0) return 'network namespaces need ip (iproute2)';
  return undefined;
}

/** Why offloads cannot be turned off here, or undefined. */
export const whyNoEthtool = (): string | undefined =>
  spawnSync('ethtool', ['--version']).status === 0 ? undefined : 'turning offloads off needs ethtool';

/** Runs a command to its end. Throws what it had to say when it failed. */
export function run(...[command, ...args]: [string, ...string[]]): string {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr.trim()}`);
  return done.stdout;
}
