// What `shoal tracker` is told by its options.

import { join } from 'node:path';
import { type PeerId, peerId, UsageError } from '@shoal/machine';
import { readCount, readListen, readPsk, readSeconds, readText } from '../options.ts';
import type { CommonOptions } from '../run.ts';
import { stateFolder } from '../folders.ts';

/** As they are given, all optional: defaults are filled in last. */
export interface TrackerOptions extends CommonOptions {
  readonly listen?: string;
  readonly store?: string;
  readonly ttl?: string;
  readonly quorum?: string;
  readonly public?: boolean;
  readonly private?: boolean;
  readonly allow?: string;
  readonly pskFile?: string;
  readonly http?: string;
  readonly logLevel?: string;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface TrackerSettings {
  readonly listen: { readonly host: string; readonly port: number };
  readonly store: string;
  readonly ttlMs: number;
  readonly quorum: number;
  readonly admitted: ReadonlySet<PeerId> | undefined;
  readonly psk?: Uint8Array;
  readonly http: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: LogLevel;
}

/** Throws UsageError for what is not understood, and fails as reading a file does. */
export function readSettings(options: TrackerOptions): TrackerSettings {
  const listen = readListen('--listen', options.listen ?? '7070');
  return {
    listen,
    store: options.store ?? storeFor(listen.port),
    ttlMs: readSeconds('--ttl', options.ttl ?? '60') * 1_000,
    quorum: readCount('--quorum', options.quorum ?? '2', [1, 1_000]),
    ...readAdmission(options),
    http: readHttp(options.http, listen.port),
    logLevel: readLogLevel(options.logLevel ?? 'info'),
  };
}

/** A tracker that listens where it is told to keeps its table; one on any free port is not meant to last. */
function storeFor(port: number): string {
  if (port === 0) return 'memory';
  return `file:${join(stateFolder(), `tracker-${port}.db`)}`;
}

function readAdmission(options: TrackerOptions): Pick<TrackerSettings, 'admitted' | 'psk'> {
  const { allow, pskFile } = options;
  const isClosed = allow !== undefined || pskFile !== undefined;
  if (options.private === true && options.public === true)
    throw new UsageError('--private', 'and --public exclude each other');
  if (options.private === true && !isClosed)
    throw new UsageError('--private', 'needs to know for whom: --allow FILE, --psk-file FILE, or both');
  if (options.private !== true && isClosed)
    throw new UsageError('--private', 'goes with --allow and --psk-file: add it');
  return {
    admitted: allow === undefined ? undefined : readAllowed(allow),
    ...readPsk(pskFile),
  };
}

/** One identity a line; what follows a # is for people. */
function readAllowed(path: string): ReadonlySet<PeerId> {
  const lines = readText('--allow', path).split('\n');
  const words = lines.map((line) => line.replace(/#.*/, '').trim().toLowerCase()).filter((line) => line !== '');
  return new Set(
    words.map((word) => {
      const peer = peerId(word);
      if (peer === undefined)
        throw new UsageError('--allow', `"${word}" in ${path} is no identity of 64 hexadecimal digits`);
      return peer;
    }),
  );
}

/** On loopback, beside the tracker's own port, unless told otherwise. */
function readHttp(text: string | undefined, port: number): TrackerSettings['http'] {
  if (text === 'off') return undefined;
  const beside = port === 0 ? 0 : port === 65_535 ? port - 1 : port + 1;
  return readListen(
    '--http',
    text === undefined ? `127.0.0.1:${beside}` : /^\d+$/.test(text) ? `127.0.0.1:${text}` : text,
  );
}

function readLogLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (level === undefined) throw new UsageError('--log-level', `"${text}" is none of ${logLevels.join(', ')}`);
  return level;
}
