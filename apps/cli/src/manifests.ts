// The manifest that a person names: by a ticket, fetched from whoever has it; by a file that `shoal create` made; or by a
// folder of chunks with its summary.

import { readFile, stat } from 'node:fs/promises';
import { decodeDocument, documentBytesMax, type ManifestDocument, parseTicket, type Ticket } from '@shoal/chunker';
import { loadHashes, manifestOfChunks } from '@shoal/chunker/node';
import { ShoalError } from '@shoal/machine';
import { openPeer } from '@shoal/peer/node';
import { openOwnLinks } from './links.ts';
import { type PeerOptions, readAddress, readDiscovery, readSeconds, readText } from './options.ts';
import { Trackers } from './trackers.ts';
import type { Context } from './run.ts';

export const isTicket = (text: string): boolean => text === '-' || /^\s*shoal:/i.test(text);

/** A ticket, with the trackers and peers that were named besides. `-` reads it from stdin. */
export function readTicket(text: string, { tracker, peer }: Pick<PeerOptions, 'tracker' | 'peer'>): Ticket {
  // A ticket is all it takes to fetch: on stdin it is not in the list of processes.
  const parsed = parseTicket(text === '-' ? readText('ticket', '-') : text);
  if (!parsed.ok) throw new ShoalError('ticketInvalid', parsed.detail);
  const { trackers, peers } = parsed.value;
  return {
    ...parsed.value,
    trackers: [...trackers, ...tracker.map((address) => readAddress('--tracker', address))],
    peers: [...peers, ...peer.map((address) => readAddress('--peer', address))],
  };
}

/** Asks the peers of a ticket for its manifest. Fails with `timedOut` or `trackerUnreachable` when nobody tells. */
export async function fetchManifest(
  ticket: Ticket,
  options: PeerOptions,
  { output, interrupt }: Context,
): Promise<ManifestDocument> {
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const trackers = new Trackers(ticket.trackers, output);
  const links = await openOwnLinks(options);
  const onEvent = trackers.handle.bind(trackers);
  await using peer = await openPeer({ links, onEvent, ...readDiscovery(options) });
  const patience = AbortSignal.timeout(timeoutMs);
  try {
    return await peer.describe(ticket, { signal: AbortSignal.any([interrupt.signal, patience]) });
  } catch (error) {
    if (!patience.aborted || interrupt.signal.aborted) throw error;
    throw (
      trackers.trouble() ??
      new ShoalError('timedOut', `nobody told the manifest of ${ticket.name} within ${timeoutMs / 1000} s`)
    );
  }
}

/** From the disk. */
export async function readManifest(path: string): Promise<ManifestDocument> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new ShoalError('notFound', `${path} does not exist`);
  if (found.isDirectory()) return manifestOfChunks(path);
  if (found.size > documentBytesMax) throw new ShoalError('manifestInvalid', `${path} is too large to be a manifest`);
  const decoded = decodeDocument(await readFile(path), { hashes: await loadHashes() });
  if (!decoded.ok) throw new ShoalError('manifestInvalid', `${path} is no manifest: ${decoded.detail}`);
  return decoded.value;
}
