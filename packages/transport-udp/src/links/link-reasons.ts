// Between the transport's reasons and the codes that swarm logic knows.

import { type LinkCode, linkCodes } from '@shoal/machine';
import type { Reason } from '../codes.ts';

/** The number of a link code on the wire: its place in the closed list. */
export const linkCodeNumber = (code: LinkCode): number => linkCodes.indexOf(code);

/** The link code for a reason; a number of a later version reads as `protocolViolated`. */
export function linkCodeOf(reason: Reason): LinkCode {
  if (typeof reason === 'number') return linkCodes[reason] ?? 'protocolViolated';
  switch (reason) {
    case 'done':
    case 'authenticationFailed':
    case 'protocolViolated':
    case 'damaged':
      return reason;
    case 'idleTimedOut':
      return 'lost'; // links are kept alive, so silence means that the remote is gone
    case 'handshakeTimedOut':
      return 'unreachable';
    case 'flowControlViolated':
      return 'protocolViolated';
    case 'refused':
    case 'exhausted':
      return 'busy';
    default:
      return reason satisfies never;
  }
}
