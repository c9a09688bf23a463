// One question to a tracker and its answer, for whoever is no peer: file lists, file locations.

import {
  type Address,
  after,
  type AskId,
  type Clock,
  formatAddress,
  type LinkId,
  LinkNumbers,
  type LinkPort,
  ShoalError,
  UsageError,
} from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import {
  decode,
  encode,
  isTrackerReply,
  locationsBodyBytesMax,
  type TrackerReply,
  type TrackerRequest,
} from '@shoal/wire';

export interface AskTrackerOptions {
  /** For dialling and answer together. Default 10,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** The reply that belongs to a request. */
export type ReplyTo<Request extends TrackerRequest> = Extract<TrackerReply, { type: `${Request['type']}Reply` }>;

const timeoutMsDefault = 10_000;

const numbers = new LinkNumbers(); // for all questions: a late fact about one must not pass for one about the next

/**
 * Dials the tracker at `address`, asks, and hangs up. `links` is used alone meanwhile, and stays open.
 * Fails with ShoalError: `trackerUnreachable` when nobody answers, `refused` when the tracker says no,
 * `protocolViolated` when the answer is none, `aborted` by `signal`. Throws UsageError for a request beyond a limit of
 * the protocol, such as too long a name.
 */
export function askTracker<Request extends TrackerRequest>(
  links: LinkPort,
  address: Address,
  request: Request,
  { timeoutMs = timeoutMsDefault, signal, clock = nodeClock }: AskTrackerOptions = {},
): Promise<{ readonly reply: ReplyTo<Request>; readonly body: Uint8Array }> {
  const bytes = encode(request);
  if (!decode(bytes).ok) throw new UsageError('request', 'holds something longer than the protocol allows');
  const { promise, resolve, reject } = Promise.withResolvers<{ reply: ReplyTo<Request>; body: Uint8Array }>();
  const dial = numbers.nextDial();
  const where = formatAddress(address);
  let link: LinkId | undefined;
  let ask: AskId | undefined;

  const end = (settle: () => void): void => {
    links.listen(() => undefined);
    cancelAlarm();
    signal?.removeEventListener('abort', abort);
    if (link !== undefined) links.perform({ type: 'closeLink', link, code: 'done' });
    settle();
  };
  const fail = (error: ShoalError): void => end(() => reject(error));
  const abort = (): void => fail(new ShoalError('aborted', 'stopped by the caller', { cause: signal?.reason }));
  const answered = (head: Uint8Array, body: Uint8Array): void => {
    const decoded = decode(head);
    if (decoded.ok && isTrackerReply(decoded.message) && decoded.message.type === `${request.type}Reply`) {
      const reply = decoded.message as ReplyTo<Request>;
      return end(() => resolve({ reply, body }));
    }
    fail(new ShoalError('protocolViolated', `${where} answers, but not as a tracker of this version does`));
  };
  const cancelAlarm = clock.alarm(after(clock.now(), timeoutMs), () =>
    fail(unreachable(where, `nothing within ${timeoutMs} ms`)),
  );

  links.listen((fact) => {
    if (fact.type === 'dialFailed' && fact.dial === dial) fail(unreachable(where, fact.code));
    else if (fact.type === 'linkOpened' && fact.dial === dial) {
      link = fact.link;
      ask = numbers.nextAsk();
      links.perform({ type: 'ask', link, ask, request: bytes, bodyBytesMax: locationsBodyBytesMax });
    } else if (fact.type === 'linkClosed' && fact.link === link) {
      link = undefined;
      fail(unreachable(where, fact.code));
    } else if (fact.type === 'answerReceived' && fact.ask === ask) answered(fact.head, fact.body);
    else if (fact.type === 'askFailed' && fact.ask === ask)
      fail(new ShoalError('refused', `the tracker at ${where} refused the request (${fact.code})`));
  });
  if (signal?.aborted === true) abort();
  else {
    signal?.addEventListener('abort', abort);
    links.perform({ type: 'dial', dial, address });
  }
  return promise;
}

const unreachable = (where: string, trouble: string): ShoalError =>
  new ShoalError(
    'trackerUnreachable',
    `no tracker answers at ${where} (${trouble}): check the address, and that the tracker is running`,
  );
