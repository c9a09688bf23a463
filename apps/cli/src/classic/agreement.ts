// What a client asks a tracker about a file-set without a manifest: how large it is, where its chunks are and what they hash
// to, and what is disputed.

import { bytesEqual, type Address, type LinkPort } from '@shoal/machine';
import { type LocatedFile, readLocated } from '@shoal/tracker';
import { askTracker } from '@shoal/tracker/node';
import {
  type Camp,
  type ClaimedChunk,
  type ClaimList,
  type ClaimListReply,
  type Draft,
  type DraftId,
  isDraft,
  parseDraft,
  type Standing,
} from '@shoal/wire';
import type { LocalFolder } from '@shoal/chunker/node';

export interface Desk {
  readonly links: LinkPort;
  readonly tracker: Address;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The set of this name that the folder can be a part of; by the tracker when its chunks do not tell. Undefined while nobody knows. */
export async function findDraft(name: string, local: LocalFolder, desk: Desk): Promise<Draft | undefined> {
  const { chunkCount, chunkBytes, lastBytes } = local;
  if (chunkBytes !== undefined && lastBytes !== undefined)
    return { name, chunkBytes, bytes: (chunkCount - 1) * chunkBytes + lastBytes };
  const { reply } = await askTracker(desk.links, desk.tracker, { type: 'fileList', filter: name, offset: 0 }, desk);
  const fits = (draft: Draft): boolean =>
    draft.name === name &&
    draft.chunkBytes === (chunkBytes ?? draft.chunkBytes) &&
    draft.bytes - (chunkCount - 1) * draft.chunkBytes ===
      (lastBytes ?? draft.bytes - (chunkCount - 1) * draft.chunkBytes);
  return reply.files
    .toSorted((a, b) => b.seeders + b.leechers - a.seeders - a.leechers)
    .flatMap(({ swarm, chunkCount: count }) =>
      isDraft(swarm) && count === chunkCount ? (parseDraft(swarm) ?? []) : [],
    )
    .find(fits);
}

/** Where the chunks are that peers agree on, and what they hash to. */
export async function locate(swarm: DraftId, { links, tracker, ...how }: Desk): Promise<LocatedFile> {
  const { reply, body } = await askTracker(links, tracker, { type: 'fileLocations', file: { swarm } }, how);
  return readLocated(reply, body) ?? { holders: [], hashes: new Map() };
}

/** All that is claimed of a draft, or what stands so. */
export async function listClaims(swarm: DraftId, desk: Desk, only?: Standing): Promise<ClaimedChunk[]> {
  const { links, tracker, ...how } = desk;
  const chunks: ClaimedChunk[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const request: ClaimList = { type: 'claimList', swarm, from, ...(only && { only }) };
    const { reply }: { readonly reply: ClaimListReply } = await askTracker(links, tracker, request, how);
    chunks.push(...reply.chunks);
    from = reply.next;
  }
  return chunks;
}

/**
 * What all others say, when our own claim is the only one against it: it would be agreed upon without us, so it is us who
 * are wrong.
 */
export function othersAgreeOn(camps: readonly Camp[], own: Uint8Array): Camp | undefined {
  const ours = camps.find(({ hash }) => bytesEqual(hash, own));
  const [others, ...more] = camps.filter((camp) => camp !== ours);
  const isAgreed = ours?.voices === 1 && more.length === 0 && others !== undefined && others.voices >= 2;
  return isAgreed ? others : undefined;
}
