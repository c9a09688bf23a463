// Answers requests for parts of the manifest: from memory, a few at a time for each remote.

import type { RequestId } from '@shoal/machine';
import type { SwarmHost } from '../host.ts';
import { manifestPartBytes } from '../metadata.ts';
import type { Remote } from '../remote.ts';

const underWayMax = 8; // parts on their way to one remote; further requests are refused as `busy`

/** Gives the part of `document` from `offset`, or says why not. */
export function giveManifestPart(
  host: SwarmHost,
  { link, manifestParts }: Remote,
  request: RequestId,
  document: Uint8Array | undefined,
  offset: number,
): void {
  if (document === undefined || offset >= document.length) return host.refuse(link, request, 'notFound');
  if (manifestParts.size >= underWayMax) return host.refuse(link, request, 'busy');
  manifestParts.add(request);
  const reply = { type: 'manifestReply', offset, totalBytes: document.length } as const;
  host.answer(link, request, reply, document.subarray(offset, offset + manifestPartBytes));
}
