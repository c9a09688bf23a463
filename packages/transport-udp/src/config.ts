// Every number one can turn, with its default and the reason for it. Times in milliseconds, sizes in bytes.

import { UsageError } from '@shoal/machine';
import { transferPriorities, type TransferPriority } from './congestion/priority.ts';

export interface TransportConfig {
  /**
   * UDP payload of a full datagram to begin with. 1,472 fits an Ethernet frame without fragmentation; a socket for IPv6
   * makes it 1,452. Where the path turns out to swallow such datagrams, smaller ones are sent.
   */
  readonly datagramBytes: number;
  /**
   * Largest UDP payload that is tried (RFC 8899); what is below `datagramBytes` means `datagramBytes`. A socket raises it
   * where it can forbid fragmentation.
   */
  readonly datagramBytesMax: number;
  /** A connection that hears nothing for so long is gone. */
  readonly idleTimeoutMs: number;
  /** A quiet connection says something this often, so that NATs and the idle timer keep it; 0 for never. */
  readonly keepAliveMs: number;
  /** A dial that is not answered for so long has failed. */
  readonly handshakeTimeoutMs: number;
  /** Sealed bytes a remote may at most send on one stream ahead of the reader. Windows grow to it where readers keep up. */
  readonly streamWindowBytes: number;
  /**
   * … and over all streams of a connection. As much is at most kept of what the remote does not acknowledge: so in each
   * direction it is what one remote can make us hold.
   */
  readonly connectionWindowBytes: number;
  /** Streams a remote may have open at once; more wait at the remote. */
  readonly remoteStreamsMax: number;
  /** Connections in all; further dials and first packets are refused (a dial with `exhausted`, a stranger in silence). */
  readonly connectionsMax: number;
  /**
   * Handshakes of strangers in progress from which on a first packet is only answered with a token, and nothing kept of
   * it: the stranger has to come again with the token, and so to show that it receives at its address. 0: always.
   */
  readonly retryFromHandshakes: number;
  /** … and beyond which first packets are dropped even with a token; the strangers try again. */
  readonly pendingHandshakesMax: number;
  /** What the socket's receive buffer really holds; told to remotes, who keep their bursts below it. */
  readonly receiveBufferBytes: number;
  /**
   * Most that is sealed under one key; a connection that reaches it is closed with `exhausted`. The default keeps an
   * attacker's advantage against AES-GCM's confidentiality below 2^-57 (RFC 9001 appendix B counts the same way).
   */
  readonly sealedBytesMax: number;
  /** RTT assumed before there is a sample (RFC 9002 section 6.2.2 says 333). */
  readonly initialRttMs: number;
  /** How much its transfers matter beside others': chooses the congestion controller. */
  readonly priority: TransferPriority;
}

export const defaultConfig: TransportConfig = {
  datagramBytes: 1_472,
  datagramBytesMax: 1_472,
  idleTimeoutMs: 30_000,
  keepAliveMs: 10_000,
  handshakeTimeoutMs: 10_000,
  streamWindowBytes: 64 * 2 ** 20, // a gigabit per second over 100 ms, with a queue of as much, and losses repaired meanwhile
  connectionWindowBytes: 64 * 2 ** 20,
  remoteStreamsMax: 256,
  connectionsMax: 16_384,
  retryFromHandshakes: 128,
  pendingHandshakesMax: 1_024,
  receiveBufferBytes: 212_992, // what stock Linux grants without asking
  sealedBytesMax: 2 ** 40,
  initialRttMs: 333,
  priority: 'normal',
};

const limits: Record<Exclude<keyof TransportConfig, 'priority'>, readonly [least: number, most: number]> = {
  datagramBytes: [1_200, 65_507],
  datagramBytesMax: [1_200, 65_507],
  idleTimeoutMs: [100, 2 ** 31 - 1],
  keepAliveMs: [0, 2 ** 31 - 1],
  handshakeTimeoutMs: [10, 2 ** 31 - 1],
  streamWindowBytes: [131_072, 2 ** 40], // at least two records
  connectionWindowBytes: [131_072, 2 ** 40],
  remoteStreamsMax: [1, 2 ** 31],
  connectionsMax: [1, 2 ** 24],
  retryFromHandshakes: [0, 2 ** 24],
  pendingHandshakesMax: [0, 2 ** 24],
  receiveBufferBytes: [19_200, 2 ** 40],
  sealedBytesMax: [65_536, 2 ** 40],
  initialRttMs: [1, 10_000],
};

/** The defaults with `changes`; throws a UsageError that names the option out of range. */
export function resolveConfig(changes: Partial<TransportConfig> = {}): TransportConfig {
  const config = { ...defaultConfig, ...changes };
  for (const [option, [least, most]] of Object.entries(limits)) {
    const value = config[option as keyof typeof limits];
    if (!Number.isFinite(value) || value < least || value > most)
      throw new UsageError(option, `must be from ${least} to ${most}, not ${value}`);
  }
  if (!transferPriorities.includes(config.priority))
    throw new UsageError('priority', `must be one of ${transferPriorities.join(', ')}, not ${config.priority}`);
  return config;
}
