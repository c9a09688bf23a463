// Answers requests for parts of the manifest: from memory, a few at a time for each remote.

import { type ManifestDocument, manifestPart, partCountOf } from '@shoal/chunker';
import type { RequestId } from '@shoal/machine';
import type { SwarmHost } from '../host.ts';
import type { Remote } from '../remote.ts';

const underWayMax = 8; // parts on their way to one remote; further requests are refused as `busy`

/** Gives a part of `document`, or says why not. */
export function giveManifestPart(
  host: SwarmHost,
  { link, manifestParts }: Remote,
  request: RequestId,
  document: ManifestDocument | undefined,
  part: number,
): void {
  if (document === undefined || part >= partCountOf(document.header)) return host.refuse(link, request, 'notFound');
  if (manifestParts.size >= underWayMax) return host.refuse(link, request, 'busy');
  manifestParts.add(request);
  host.answer(link, request, { type: 'manifestReply', part }, manifestPart(document, part));
}
