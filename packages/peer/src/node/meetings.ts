// Short codes for the user of a peer: keeping one, so that whoever has it is given a ticket, and calling with one for that
// ticket. The session does the work; here it becomes promises, and what is wrong, coded errors.

import { parseTicket, type Ticket } from '@shoal/chunker';
import { type Address, ShoalError, UsageError } from '@shoal/machine';
import { randomBytes } from '@shoal/machine/node';
import { codeLifeMsMax, codeTriesMax, type SwarmId } from '@shoal/wire';
import type { MeetingEvent } from '../events.ts';
import type { GatheringOptions } from '../gathering.ts';
import { type Code, drawCode, parseCode } from '../introduction/code.ts';
import type { MeetOptions } from '../introduction/meeting.ts';

const triesDefault = 5;
const lifeMsDefault = 60 * 60 * 1_000;

export interface KeepCodeOptions {
  /** What whoever has the code is given. */
  readonly ticket: string;
  /** Default: a new one. Whoever was given the ticket for a code may keep it too. */
  readonly code?: string;
  /** Wrong guesses, after which it is dead. Default 5. */
  readonly triesMax?: number;
  /** Default: an hour. */
  readonly lifeMs?: number;
  /** Where callers find us, besides the local network. */
  readonly trackers?: readonly Address[];
}

export interface KeptCode {
  readonly code: string;
  /** It is of no more use: guessed at too often, its time over, or closed. */
  readonly ended: Promise<'guessed' | 'expired' | 'closed'>;
  close(): void;
}

export interface UseCodeOptions {
  /** Where its keepers are looked for, besides the local network. */
  readonly trackers?: readonly Address[];
  readonly signal?: AbortSignal;
}

/** What a code has led to. */
export interface FoundTicket {
  readonly ticket: Ticket;
  /** The same as its keeper has it. */
  readonly link: string;
  /** Who gave it. */
  readonly from: Address;
  /** How many wrong tries the code bears there yet, and how long it goes on. */
  readonly triesLeft: number;
  readonly lifeMs: number;
  /** Leaves the meeting. To be called once somebody has joined in the ticket's swarm: the link to `from` serves on then. */
  close(): void;
}

export interface MeetingsOptions {
  readonly gather: (meeting: GatheringOptions) => void;
  readonly leave: (meeting: SwarmId) => void;
}

export class Meetings {
  readonly #options: MeetingsOptions;
  readonly #listeners = new Map<SwarmId, (event: MeetingEvent) => void>();

  constructor(options: MeetingsOptions) {
    this.#options = options;
  }

  async keep({ ticket, code: text, triesMax, lifeMs, trackers }: KeepCodeOptions): Promise<KeptCode> {
    const keep = { ticket, triesMax: triesMax ?? triesDefault, lifeMs: lifeMs ?? lifeMsDefault };
    checkRange('triesMax', keep.triesMax, codeTriesMax);
    checkRange('lifeMs', keep.lifeMs, codeLifeMsMax);
    const code = text === undefined ? drawCode(randomBytes) : readCode(text);
    const { promise, resolve } = Promise.withResolvers<Awaited<KeptCode['ended']>>();
    const leave = await this.#go({ code, trackers, keep }, (event) => {
      if (event.type === 'codeEnded' && event.reason !== 'refused') end(event.reason);
    });
    const end = (why: Awaited<KeptCode['ended']>): void => {
      leave();
      resolve(why);
    };
    return { code: code.text, ended: promise, close: () => end('closed') };
  }

  async use(text: string, { trackers, signal }: UseCodeOptions): Promise<FoundTicket> {
    const code = readCode(text);
    const { promise, resolve, reject } = Promise.withResolvers<TicketReceived>();
    const leave = await this.#go({ code, trackers }, (event) => {
      if (event.type === 'ticketReceived') resolve(event);
      if (event.type === 'codeEnded') reject(wrongCode());
    });
    const abort = (): void =>
      reject(new ShoalError('aborted', `nobody who has ${code.text} was found`, { cause: signal?.reason }));
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    try {
      return foundBy(await promise, leave);
    } catch (error) {
      leave();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  handle(event: MeetingEvent): void {
    this.#listeners.get(event.meeting)?.(event);
  }

  /** Goes to a meeting; the answer leaves it. */
  async #go(
    {
      trackers = [],
      ...options
    }: Pick<MeetOptions, 'code' | 'keep'> & { readonly trackers?: readonly Address[] | undefined },
    listen: (event: MeetingEvent) => void,
  ): Promise<() => void> {
    const { meeting, text } = options.code;
    if (this.#listeners.has(meeting))
      throw new ShoalError('exists', `${text}: a code with this number is in use here already`);
    this.#listeners.set(meeting, listen);
    const { meetingOf } = await import('../introduction/meeting.ts'); // only whoever uses codes waits for the curve
    this.#options.gather(meetingOf({ ...options, trackers, random: randomBytes }));
    return () => {
      if (this.#listeners.get(meeting) !== listen) return;
      this.#listeners.delete(meeting);
      this.#options.leave(meeting);
    };
  }
}

type TicketReceived = MeetingEvent & { type: 'ticketReceived' };

const wrongCode = (): ShoalError =>
  new ShoalError('authenticationFailed', 'the code is wrong, and that has cost it a try: ask for it again');

function readCode(text: string): Code {
  const parsed = parseCode(text);
  if (!parsed.ok) throw new UsageError('code', parsed.detail);
  return parsed.code;
}

/** Whoever gave it is reached there: it is asked too. */
function foundBy({ ticket: link, address: from, triesLeft, lifeMs }: TicketReceived, close: () => void): FoundTicket {
  const parsed = parseTicket(link);
  if (!parsed.ok) throw new ShoalError('ticketInvalid', parsed.detail);
  return { ticket: { ...parsed.value, peers: [from, ...parsed.value.peers] }, link, from, triesLeft, lifeMs, close };
}

function checkRange(option: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new UsageError(option, `must be a whole number from 1 to ${max}`);
}
