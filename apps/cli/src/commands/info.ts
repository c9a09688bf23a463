// `shoal info`: what a ticket, a manifest or a folder of chunks says of itself; nobody is asked.

import type { ManifestDocument, Ticket } from '@shoal/chunker';
import { formatAddress } from '@shoal/machine';
import { isTicket, readManifest, readTicket } from '../manifests.ts';
import type { CommonOptions, Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes } from '../text/units.ts';

const rowsMax = 40; // --json has all of them

export async function info(what: string, _options: CommonOptions, { output }: Context): Promise<void> {
  if (isTicket(what)) return tellTicket(readTicket(what, { tracker: [], peer: [] }), output);
  return tellManifest(await readManifest(what), output);
}

function tellTicket({ swarmId, name, bytes, trackers, peers }: Ticket, output: Context['output']): void {
  const addresses = { trackers: trackers.map(formatAddress), peers: peers.map(formatAddress) };
  output.event({ event: 'done', kind: 'ticket', swarm: swarmId, name, bytes, ...addresses });
  const rows = [
    ['name', name],
    ['size', formatBytes(bytes)],
    ['swarm', swarmId],
    ...addresses.trackers.map((address) => ['tracker', address]),
    ...addresses.peers.map((address) => ['peer', address]),
  ];
  output.data(rows.map(([what, value]) => `${what!.padEnd(8)} ${value}`).join('\n'));
}

/** What a manifest says, with its files. */
export function tellManifest({ manifest, layout, swarmId }: ManifestDocument, output: Context['output']): void {
  const { name, hash, chunking, files } = manifest;
  for (const { path, bytes, executable } of files) output.event({ event: 'file', path, bytes, executable });
  const counts = { bytes: layout.totalBytes, chunks: layout.chunkCount, files: files.length };
  output.event({ event: 'done', kind: 'manifest', swarm: swarmId, name, hash, chunking: chunking.kind, ...counts });
  const rows = [
    ['name', name],
    ['size', `${formatBytes(layout.totalBytes)} in ${plural(layout.chunkCount, 'chunk')} (${chunking.kind}, ${hash})`],
    ['swarm', swarmId],
  ];
  output.data(rows.map(([what, value]) => `${what!.padEnd(8)} ${value}`).join('\n'));
  const shown = files.slice(0, rowsMax).map(({ path, bytes }) => [path, formatBytes(bytes)]);
  if (shown.length > 0) output.data(formatTable([['file', 'size'], ...shown]));
  if (files.length > rowsMax) output.data(`and ${files.length - rowsMax} more`);
}
