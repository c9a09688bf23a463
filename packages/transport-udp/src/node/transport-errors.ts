// The transport's reasons as errors for people: what happened, and what to do. `cause` keeps the reason.

import { ShoalError } from '@shoal/machine';
import type { Reason } from '../codes.ts';

/** Why a connection is over, or never came to be. */
export function connectionError(reason: Reason, byRemote = false): ShoalError {
  const cause = { reason };
  switch (reason) {
    case 'handshakeTimedOut':
      return new ShoalError('unreachable', 'nobody answered: check address and port, and that it is running', {
        cause,
      });
    case 'authenticationFailed':
      return new ShoalError(
        'authenticationFailed',
        'whoever answered is not the expected remote, or has another secret: check both',
        { cause },
      );
    case 'idleTimedOut':
      return new ShoalError('connectionLost', 'the remote has not been heard for too long: connect again', { cause });
    case 'refused':
    case 'exhausted':
      return new ShoalError('refused', 'there are too many connections: try again later', { cause });
    case 'protocolViolated':
    case 'flowControlViolated':
    case 'damaged':
      return new ShoalError('protocolViolated', 'the remote does not speak this protocol: update both sides', {
        cause,
      });
    case 'done':
      return new ShoalError('connectionLost', 'the connection was closed', { cause });
    default:
      return new ShoalError(
        'connectionLost',
        `${byRemote ? 'the remote' : 'this side'} closed the connection with code ${reason}`,
        { cause },
      );
  }
}

/** Why a stream was given up. */
export function streamError(reason: Reason): ShoalError {
  const cause = { reason };
  if (reason === 'damaged')
    return new ShoalError('verificationFailed', 'bytes were damaged on the way: send them again', { cause });
  return new ShoalError('refused', `the stream was given up with code ${reason}`, { cause });
}

export const abortedError = (signal: AbortSignal): ShoalError =>
  new ShoalError('aborted', 'stopped on request', { cause: signal.reason });
