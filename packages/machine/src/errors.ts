// The three roads for trouble: a ShoalError for the faults of others (network, disk, remotes),
// a UsageError for the caller's, and a failed invariant for our own. Nothing else is thrown on purpose.

/** Every code a ShoalError can carry. The command line maps each to an exit status. */
export type ErrorCode =
  | 'aborted'
  | 'addressInUse'
  | 'authenticationFailed'
  | 'connectionLost'
  | 'contentChanged'
  | 'diskFailed'
  | 'diskFull'
  | 'exists'
  | 'manifestInvalid'
  | 'nameUnsafe'
  | 'networkFailed'
  | 'notFound'
  | 'permissionDenied'
  | 'protocolViolated'
  | 'refused'
  | 'storeBusy'
  | 'storeDamaged'
  | 'ticketInvalid'
  | 'timedOut'
  | 'trackerUnreachable'
  | 'unfinished'
  | 'unreachable'
  | 'verificationFailed';

/** Somebody else's fault, met at a shell. `message` says what happened and what to do; `cause` keeps the original. */
export class ShoalError extends Error {
  override readonly name = 'ShoalError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The caller's fault, found at the door. `option` names the argument that is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly option: string;

  constructor(option: string, message: string) {
    super(`${option}: ${message}`);
    this.option = option;
  }
}

/** Our fault: a condition the code relies on does not hold. Never caught inside the packages. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws an InvariantError with `why` unless `condition` holds. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new InvariantError(why);
}

/** Ends a switch over a union: a kind nobody handled does not compile, and fails if it comes all the same. */
export function assertNever(value: never, what = 'value'): never {
  throw new InvariantError(`unhandled ${what}: ${JSON.stringify(value)}`);
}
