// Fixed neighbours instead of a mesh: a peer asks only the ones it was told to ask, and serves only those it was told to
// serve. So a ring is made, as in the classic exercise, without any tracker. All else is as ever.

import { type Address, canonicalIp, sameAddress } from '@shoal/machine';

export interface FixedNeighbours {
  /** Who is asked, and nobody else; these are dialled. */
  readonly download: readonly Address[];
  /** Who is served, by the addresses where they are reached; anybody unless given. */
  readonly upload?: readonly Address[];
  /** Dialled, though not asked: who asked us where we were before, so that they find us where we are now. */
  readonly callers?: readonly Address[];
}

/** What is done with a remote. */
export interface Role {
  readonly isAsked: boolean;
  readonly isServed: boolean;
}

/** The role of a remote that is reached at these addresses. */
export function roleOf(neighbours: FixedNeighbours | undefined, reachedAt: readonly Address[]): Role {
  const isAmong = (list: readonly Address[] | undefined): boolean =>
    list === undefined ||
    list.some((address) => reachedAt.some((other) => sameAddress(canonical(address), canonical(other))));
  return { isAsked: isAmong(neighbours?.download), isServed: isAmong(neighbours?.upload) };
}

const canonical = ({ host, port }: Address): Address => ({ host: canonicalIp(host) ?? host, port });
