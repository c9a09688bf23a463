// What a tracker lists under a name, or under the beginning of a swarm, as a ticket: for `shoal get NAME --tracker
// HOST:PORT`. A name is worth no more than the tracker that says whose it is; a ticket from its owner is.

import type { Ticket } from '@shoal/chunker';
import { type Address, ShoalError } from '@shoal/machine';
import { openLinks } from '@shoal/transport-udp/node';
import { isDraft } from '@shoal/wire';
import { findFiles } from './listings.ts';

export interface NamedContent {
  readonly ticket: Ticket;
  /** The part of it that was named: `NAME/PATH`. */
  readonly select: string | undefined;
}

interface Asking {
  readonly psk?: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Fails with a ShoalError: `notFound`, `refused` when several have the name, and as `askTracker` does. */
export async function findByName(text: string, trackers: readonly Address[], asking: Asking): Promise<NamedContent> {
  const [name = '', ...path] = text.split('/');
  const { psk, timeoutMs, signal } = asking;
  await using links = await openLinks(psk && { psk });
  const listed = await findFiles(name, { links, trackers, timeoutMs, signal });
  const [file, another] = listed.filter(({ swarm }) => !isDraft(swarm));
  if (file === undefined)
    throw new ShoalError('notFound', `no tracker lists "${name}"; \`shoal ls\` lists what there is`);
  if (another !== undefined)
    throw new ShoalError(
      'refused',
      `several are called "${name}": get the one you mean by its swarm, which \`shoal ls\` shows`,
    );
  if (isDraft(file.swarm)) throw new ShoalError('notFound', `"${name}" has no manifest: \`shoal client\` completes it`);
  const ticket = { swarmId: file.swarm, name: file.name, bytes: file.bytes, trackers, peers: [] };
  return { ticket, select: path.length === 0 ? undefined : path.join('/') };
}
