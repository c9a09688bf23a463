// One question to a tracker, or to several, and its answer, for whoever is no peer: file lists, file locations.

import {
  type Address,
  after,
  type AskId,
  type Clock,
  formatAddress,
  type LinkCode,
  type LinkFact,
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

export interface TrackerAnswer<Request extends TrackerRequest> {
  readonly reply: ReplyTo<Request>;
  readonly body: Uint8Array;
}

/** The reply that belongs to a request. */
export type ReplyTo<Request extends TrackerRequest> = Extract<TrackerReply, { type: `${Request['type']}Reply` }>;

const timeoutMsDefault = 10_000;

const numbers = new LinkNumbers(); // for all questions: a late fact about one must not pass for one about the next

/**
 * Dials the trackers at `addresses` all at once, asks each as it comes, takes the first answer and hangs up. `links` is
 * used alone meanwhile, and stays open. Fails with ShoalError: `trackerUnreachable` when nobody answers, `authenticationFailed` when
 * it is private, `refused` when
 * the last that is left says no, `protocolViolated` when its answer is none, `aborted` by `signal`. Throws UsageError
 * for a request beyond a limit of the protocol, such as too long a name.
 */
export function askTracker<Request extends TrackerRequest>(
  links: LinkPort,
  addresses: Address | readonly Address[],
  request: Request,
  { timeoutMs = timeoutMsDefault, signal, clock = nodeClock }: AskTrackerOptions = {},
): Promise<TrackerAnswer<Request>> {
  const asked = 'host' in addresses ? [addresses] : addresses;
  if (asked.length === 0) throw new UsageError('addresses', 'name at least one tracker');
  const bytes = encode(request);
  if (!decode(bytes).ok) throw new UsageError('request', 'holds something longer than the protocol allows');
  const { promise, resolve, reject } = Promise.withResolvers<TrackerAnswer<Request>>();
  const questions = asked.map((address) => new Question(links, address, request.type, bytes));

  const end = (settle: () => void): void => {
    links.listen((fact) => {
      for (const question of questions) question.decline(fact);
    });
    cancelAlarm();
    signal?.removeEventListener('abort', abort);
    for (const question of questions) question.end();
    settle();
  };
  const abort = (): void =>
    end(() => reject(new ShoalError('aborted', 'stopped by the caller', { cause: signal?.reason })));
  const cancelAlarm = clock.alarm(after(clock.now(), timeoutMs), () =>
    end(() => reject(unreachable(asked.map(formatAddress).join(', '), `nothing within ${timeoutMs} ms`))),
  );

  links.listen((fact) => {
    for (const question of questions) question.handle(fact);
    const answered = questions.find(({ answer }) => answer !== undefined);
    if (answered !== undefined) return end(() => resolve(answered.answer as TrackerAnswer<Request>));
    const failures = questions.map(({ failure }) => failure);
    if (failures.every((failure) => failure !== undefined)) end(() => reject(worst(failures)));
  });
  if (signal?.aborted === true) abort();
  else {
    signal?.addEventListener('abort', abort);
    for (const question of questions) question.ask();
  }
  return promise;
}

/** A tracker that answered wrongly tells more than one that is not there. */
const worst = (failures: readonly ShoalError[]): ShoalError =>
  failures.find(({ code }) => code !== 'trackerUnreachable') ?? failures[0]!;

/** The question as it stands with one tracker. */
class Question {
  answer: TrackerAnswer<TrackerRequest> | undefined;
  failure: ShoalError | undefined;
  readonly #links: LinkPort;
  readonly #address: Address;
  readonly #type: TrackerRequest['type'];
  readonly #bytes: Uint8Array;
  readonly #dial = numbers.nextDial();
  #link: LinkId | undefined;
  #ask: AskId | undefined;

  constructor(links: LinkPort, address: Address, type: TrackerRequest['type'], bytes: Uint8Array) {
    this.#links = links;
    this.#address = address;
    this.#type = type;
    this.#bytes = bytes;
  }

  ask(): void {
    this.#links.perform({ type: 'dial', dial: this.#dial, address: this.#address });
  }

  handle(fact: LinkFact): void {
    const where = formatAddress(this.#address);
    if (fact.type === 'dialFailed' && fact.dial === this.#dial) this.failure = closed(where, fact.code);
    else if (fact.type === 'linkOpened' && fact.dial === this.#dial) this.#askOn(fact.link);
    else if (fact.type === 'linkClosed' && fact.link === this.#link) {
      this.#link = undefined;
      this.failure ??= closed(where, fact.code);
    } else if (fact.type === 'answerReceived' && fact.ask === this.#ask) this.#read(fact.head, fact.body);
    else if (fact.type === 'askFailed' && fact.ask === this.#ask)
      this.failure = new ShoalError('refused', `the tracker at ${where} refused the request (${fact.code})`);
  }

  /** Hangs up. */
  end(): void {
    if (this.#link !== undefined) this.#links.perform({ type: 'closeLink', link: this.#link, code: 'done' });
  }

  /** Hangs up a dial that comes through too late. */
  decline(fact: LinkFact): void {
    if (fact.type === 'linkOpened' && fact.dial === this.#dial)
      this.#links.perform({ type: 'closeLink', link: fact.link, code: 'done' });
  }

  #askOn(link: LinkId): void {
    this.#link = link;
    this.#ask = numbers.nextAsk();
    const request = { request: this.#bytes, bodyBytesMax: locationsBodyBytesMax };
    this.#links.perform({ type: 'ask', link, ask: this.#ask, ...request });
  }

  #read(head: Uint8Array, body: Uint8Array): void {
    const decoded = decode(head);
    const isReply = decoded.ok && isTrackerReply(decoded.message) && decoded.message.type === `${this.#type}Reply`;
    if (isReply) this.answer = { reply: decoded.message, body };
    else {
      const where = formatAddress(this.#address);
      this.failure = new ShoalError('protocolViolated', `${where} answers, but not as a tracker of this version does`);
    }
  }
}

const closed = (where: string, code: LinkCode): ShoalError =>
  code === 'authenticationFailed'
    ? new ShoalError(
        code,
        `the tracker at ${where} does not let us in: it wants its key (--psk-file), or our identity on its list`,
      )
    : unreachable(where, code);

const unreachable = (where: string, trouble: string): ShoalError =>
  new ShoalError(
    'trackerUnreachable',
    `no tracker answers at ${where} (${trouble}): check the address, and that the tracker is running`,
  );
