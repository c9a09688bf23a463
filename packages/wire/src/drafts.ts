// A draft is a file that has no manifest yet, so that no hash names it: peers who want to share it agree, through a
// tracker, on the hash of each chunk. Its name, length and chunk size name it; equal ones mean the same file until the
// hashes say otherwise. Nothing can be squatted that way: the id says all there is to know. Its hashes are BLAKE3-256.

import { chunkBytesMax, chunkCountMax, nameBytesMax } from './limits.ts';
import type { FileOffer, SwarmId } from './messages.ts';

declare const draftBrand: unique symbol;

/** Names a draft: `chunkBytes/bytes/name`. No swarm id holds a slash, and neither does a name. */
export type DraftId = string & { readonly [draftBrand]: true };

/** Names a swarm to a tracker: by its manifest's hash, or as a draft. */
export type SwarmKey = SwarmId | DraftId;

export interface Draft {
  readonly name: string;
  /** At least 1: whoever has a file without content needs no tracker. */
  readonly bytes: number;
  /** All chunks have this size but the last, which has what is left. */
  readonly chunkBytes: number;
}

export const isDraft = (swarm: SwarmKey): swarm is DraftId => swarm.includes('/');

/** The id of a draft, or undefined when its name holds a slash or it is beyond the protocol's limits. */
export function draftId(draft: Draft): DraftId | undefined {
  const text = `${draft.chunkBytes}/${draft.bytes}/${draft.name}`;
  return parseDraft(text) === undefined ? undefined : (text as DraftId);
}

/** The draft that `text` names, or undefined when it names none. */
export function parseDraft(text: string): Draft | undefined {
  const match = /^([1-9]\d{0,9})\/([1-9]\d{0,15})\/([^/]+)$/s.exec(text);
  if (match === null) return undefined;
  const draft = { name: match[3]!, bytes: Number(match[2]), chunkBytes: Number(match[1]) };
  const isPossible =
    draft.chunkBytes <= chunkBytesMax && draft.bytes <= Number.MAX_SAFE_INTEGER && chunksOf(draft) <= chunkCountMax;
  return isPossible && encoder.encode(draft.name).length <= nameBytesMax ? draft : undefined;
}

/** The offer of a file without a manifest; undefined when it cannot be a draft. */
export function draftOffer(draft: Draft): FileOffer | undefined {
  const id = draftId(draft);
  return id && { name: draft.name, bytes: draft.bytes, chunkCount: chunksOf(draft), swarm: id };
}

const chunksOf = ({ bytes, chunkBytes }: Draft): number => Math.ceil(bytes / chunkBytes);

const encoder = new TextEncoder();
