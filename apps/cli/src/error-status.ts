// With which status a program ends for what a command threw. Apart from the numbers, which `shoal --help` loads as well.

import { type ErrorCode, ShoalError, UsageError } from '@shoal/machine';
import { exitCodes } from './exit-codes.ts';

const byErrorCode: Record<ErrorCode, number> = {
  aborted: exitCodes.interrupted,
  addressInUse: exitCodes.network,
  authenticationFailed: exitCodes.authentication,
  connectionLost: exitCodes.network,
  contentChanged: exitCodes.verification,
  diskFailed: exitCodes.failed,
  diskFull: exitCodes.diskFull,
  exists: exitCodes.exists,
  manifestInvalid: exitCodes.badContent,
  nameUnsafe: exitCodes.badContent,
  networkFailed: exitCodes.network,
  notFound: exitCodes.notFound,
  permissionDenied: exitCodes.failed,
  protocolViolated: exitCodes.network,
  refused: exitCodes.network,
  storeBusy: exitCodes.failed,
  storeDamaged: exitCodes.verification,
  ticketInvalid: exitCodes.badContent,
  timedOut: exitCodes.timedOut,
  trackerUnreachable: exitCodes.network,
  unfinished: exitCodes.unfinished,
  unreachable: exitCodes.network,
  verificationFailed: exitCodes.verification,
};

/** The code in a value from outside, such as another process's event; undefined when it is none. */
export const readErrorCode = (value: unknown): ErrorCode | undefined =>
  typeof value === 'string' && Object.hasOwn(byErrorCode, value) ? (value as ErrorCode) : undefined;

/** The status for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ShoalError) return byErrorCode[error.code];
  if (error instanceof UsageError) return exitCodes.usage;
  return exitCodes.failed;
}
