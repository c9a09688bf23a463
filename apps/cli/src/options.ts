// Reads the values of options; a wrong one is a UsageError that says what is understood.

import { parseByteSize } from '@shoal/chunker';
import { type Address, isAddress, parseAddress, UsageError } from '@shoal/machine';

/** `HOST:PORT` or `[IPV6]:PORT`. */
export function readAddress(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(option, `"${text}" is not HOST:PORT, such as 192.168.1.5:7070`);
  return address;
}

/** All of them; at least one. */
export function readAddresses(option: string, texts: readonly string[]): Address[] {
  if (texts.length === 0) throw new UsageError(option, 'is missing: name a tracker, such as 192.168.1.5:7070');
  return texts.map((text) => readAddress(option, text));
}

/** Gathers an option that may be given several times. */
export const collect = (text: string, before: readonly string[]): string[] => [...before, text];

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

/** A size in bytes, such as 100KB or 256KiB. */
export function readChunkSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new UsageError('--chunk-size', `"${text}" is not a size, such as 100KB or 256KiB`);
  return bytes;
}
