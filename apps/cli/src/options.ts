// Reads the values of options; a wrong one is a UsageError that says what is understood.

import { parseByteSize } from '@shoal/chunker';
import { readFileSync } from 'node:fs';
import type { LinkOptions } from './links.ts';
import { type Address, isAddress, parseAddress, ShoalError, UsageError } from '@shoal/machine';

/** `HOST:PORT` or `[IPV6]:PORT`. */
export function readAddress(option: string, text: string | undefined): Address {
  if (text === undefined) throw new UsageError(option, 'name a tracker, such as 192.168.1.5:7070');
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(option, `"${text}" is not HOST:PORT, such as 192.168.1.5:7070`);
  return address;
}

/** `HOST:PORT`, `PORT` alone (then on every interface), where port 0 means any that is free. */
export function readListen(option: string, text: string): { host: string; port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(text);
  const host = (match?.[1] ?? '0.0.0.0').replace(/^\[(.*)\]$/, '$1');
  const port = Number(match?.[2]);
  if (match === null || !(port === 0 || isAddress({ host, port })))
    throw new UsageError(option, `"${text}" is not [HOST:]PORT, such as 7070 or 127.0.0.1:7070`);
  return { host, port };
}

/** Seconds, possibly with a fraction. */
export function readSeconds(option: string, text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0)
    throw new UsageError(option, `"${text}" is not a number of seconds above 0`);
  return seconds;
}

/** A time such as 90s, 30m or 2h; a number alone is seconds. In milliseconds, at most `maxMs`. */
export function readTime(option: string, text: string, maxMs: number): number {
  const match = /^(\d{1,6})([smhd]?)$/.exec(text.trim());
  const ms = Number(match?.[1]) * unitMs[(match?.[2] ?? '') as keyof typeof unitMs];
  if (!(ms > 0 && ms <= maxMs))
    throw new UsageError(
      option,
      `"${text}" is not a time such as 90s, 30m or 2h, of at most ${maxMs / unitMs.h} hours`,
    );
  return ms;
}

const unitMs = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A whole number within these bounds. */
export function readCount(option: string, text: string, [min, max]: readonly [number, number]): number {
  const count = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (count >= min && count <= max) return count;
  throw new UsageError(option, `"${text}" is not a number from ${min} to ${max}`);
}

/** A size in bytes, such as 100KB or 256KiB. */
export function readChunkSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new UsageError('--chunk-size', `"${text}" is not a size, such as 100KB or 256KiB`);
  return bytes;
}

/** The options of all who ask peers for something. */
export interface PeerOptions extends LinkOptions {
  readonly tracker: readonly string[];
  readonly peer: readonly string[];
  readonly timeout: string;
  readonly discovery: boolean;
}

/** What --no-discovery asks of a peer. */
export const readDiscovery = ({ discovery }: { readonly discovery: boolean }): { readonly discovery?: boolean } =>
  discovery ? {} : { discovery };

/** The key in the file that `--psk-file` names, as links are opened with it; nothing without the option. */
export function readPsk(path: string | undefined): { readonly psk?: Uint8Array } {
  if (path === undefined) return {};
  const text = readText('--psk-file', path).trim();
  if (!/^[\da-f]{64}$/i.test(text))
    throw new UsageError(
      '--psk-file',
      `${path} does not hold 64 hexadecimal digits, such as openssl rand -hex 32 makes`,
    );
  return { psk: new Uint8Array(Buffer.from(text, 'hex')) };
}

/** What stands in the file that an option names; `-` is stdin. */
export function readText(option: string, path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new ShoalError('notFound', `${option}: ${path} does not exist`, { cause });
    throw new ShoalError('permissionDenied', `${option}: ${path} cannot be read (${code})`, { cause });
  }
}
