// The transports by the names of the command line. Loading one fails where its package is not installed or does not
// run on this machine.

import type { Transport } from './contract.ts';

export const transports: Readonly<Record<string, () => Promise<Transport>>> = {
  ours: async () => (await import('./peers/ours.ts')).ours({ offload: true }),
  'ours-background': async () => (await import('./peers/ours.ts')).ours({ offload: true, priority: 'background' }),
  'ours-plain': async () => (await import('./peers/ours.ts')).ours({ offload: false }),
  tls: async () => (await import('./peers/tls.ts')).tls,
  tcp: async () => (await import('./peers/tcp.ts')).tcp,
  quinn: async () => (await import('./peers/quinn.ts')).quinn(),
  'udx-secret': async () => (await import('./peers/udx.ts')).udx({ secret: true }),
  udx: async () => (await import('./peers/udx.ts')).udx({ secret: false }),
  utp: async () => (await import('./peers/utp.ts')).utp(),
  dgram: async () => (await import('./peers/dgram.ts')).dgram,
  kcp: async () => (await import('./peers/kcp.ts')).kcp(),
};

/** Those that are compared with one another. */
export const compared: readonly string[] = Object.keys(transports).filter((name) => name !== 'ours-background');
