// The contract between swarm logic and whatever carries it. A *link* is an authenticated connection to one remote.
// It carries *messages* (small, one-way, in order) and *exchanges* (one request, one answer with a bulk body;
// independent of each other). Trackers and peers speak only this; transport-udp, the simulator's network and an
// in-memory pair each carry it out. Bodies travel beside the message, never inside.

import type { Address } from './address.ts';

declare const linkBrand: unique symbol;
declare const askBrand: unique symbol;
declare const requestBrand: unique symbol;
declare const peerBrand: unique symbol;

/** A link, numbered by the carrier; never used again within a run. */
export type LinkId = number & { readonly [linkBrand]: true };
/** An exchange as its asker numbers it; unique over all links of the asker. */
export type AskId = number & { readonly [askBrand]: true };
/** An exchange as the carrier of the answering side numbers it; unique over all its links. */
export type RequestId = number & { readonly [requestBrand]: true };
/** A remote's public static key (X25519, 32 bytes) in lower-case hexadecimal: its identity. */
export type PeerId = string & { readonly [peerBrand]: true };

export const linkId = (number: number): LinkId => number as LinkId;
export const askId = (number: number): AskId => number as AskId;
export const requestId = (number: number): RequestId => number as RequestId;

/** The identity in `text`, or undefined when it is not 64 lower-case hexadecimal digits. */
export const peerId = (text: string): PeerId | undefined =>
  /^[0-9a-f]{64}$/.test(text) ? (text as PeerId) : undefined;

/** Largest message, request or answer head, in bytes. A carrier refuses to send and closes on a larger one. */
export const linkMessageBytesMax = 65_536;

/** Why a link ended or an exchange came to nothing. A closed list: it crosses the network as one byte. */
export const linkCodes = [
  'done',
  'cancelled',
  'notFound',
  'choked',
  'busy',
  'tooLarge',
  'protocolViolated',
  'banned',
  'duplicate',
  'idle',
  'lost',
  'unreachable',
  'authenticationFailed',
  'damaged',
  'internal',
] as const;
export type LinkCode = (typeof linkCodes)[number];

/** What swarm logic wants done. */
export type LinkOrder =
  /** Open a link. Answered once by `linkOpened` or `dialFailed` with the same `dial`, a number of the caller's. */
  | { readonly type: 'dial'; readonly dial: number; readonly address: Address; readonly expect?: PeerId }
  /** Answered by no fact: the link is gone for the caller. The remote is told `code`. */
  | { readonly type: 'closeLink'; readonly link: LinkId; readonly code: LinkCode }
  | { readonly type: 'sendMessage'; readonly link: LinkId; readonly message: Uint8Array }
  /** Answered once, by `answerReceived` or `askFailed`. A body over `bodyBytesMax` fails with `tooLarge`. */
  | {
      readonly type: 'ask';
      readonly link: LinkId;
      readonly ask: AskId;
      readonly request: Uint8Array;
      readonly bodyBytesMax: number;
    }
  /** The answer is no longer wanted. Answered by no fact. */
  | { readonly type: 'cancelAsk'; readonly link: LinkId; readonly ask: AskId }
  /** Ends a request received. `body` must not be changed until `answerSent`. */
  | {
      readonly type: 'answer';
      readonly link: LinkId;
      readonly request: RequestId;
      readonly head: Uint8Array;
      readonly body?: Uint8Array;
    }
  /** Ends a request received with no answer. Answered by no fact. */
  | { readonly type: 'refuse'; readonly link: LinkId; readonly request: RequestId; readonly code: LinkCode };

/** What happened on the links. After `linkClosed` nothing more is said about that link or its exchanges. */
export type LinkFact =
  /** `dial` is there when we dialled. `address` is where packets from the remote come from, validated. */
  | {
      readonly type: 'linkOpened';
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly address: Address;
      readonly dial?: number;
    }
  | { readonly type: 'dialFailed'; readonly dial: number; readonly code: LinkCode }
  /** The remote is elsewhere from now on: `address`, validated too, takes the place of the one before. */
  | { readonly type: 'linkMoved'; readonly link: LinkId; readonly address: Address }
  | { readonly type: 'linkClosed'; readonly link: LinkId; readonly code: LinkCode }
  | { readonly type: 'messageReceived'; readonly link: LinkId; readonly message: Uint8Array }
  | {
      readonly type: 'requestReceived';
      readonly link: LinkId;
      readonly request: RequestId;
      readonly message: Uint8Array;
    }
  /** The remote no longer wants the answer. */
  | { readonly type: 'requestCancelled'; readonly link: LinkId; readonly request: RequestId }
  /** The remote has the whole answer. `limits` are those of the link while it was under way, where the carrier knows. */
  | {
      readonly type: 'answerSent';
      readonly link: LinkId;
      readonly request: RequestId;
      readonly limits?: SendLimits;
    }
  /** So many bytes of the body have arrived; told now and then while it grows. */
  | { readonly type: 'answerProgressed'; readonly link: LinkId; readonly ask: AskId; readonly bodyBytes: number }
  /**
   * `srttMs` is the link's smoothed round-trip time at that moment. `body` is empty when there is none. `kernelDrops` are
   * the datagrams that our own system has thrown away so far, for want of room: told when that was looked at.
   */
  | {
      readonly type: 'answerReceived';
      readonly link: LinkId;
      readonly ask: AskId;
      readonly head: Uint8Array;
      readonly body: Uint8Array;
      readonly srttMs: number;
      readonly kernelDrops?: number;
    }
  | { readonly type: 'askFailed'; readonly link: LinkId; readonly ask: AskId; readonly code: LinkCode };

/** How long a link was kept from sending, and by what. */
export interface SendLimits {
  /** The congestion window, or the pace that follows from it. */
  readonly congestionMs: number;
  /** The remote's receive window. */
  readonly receiverMs: number;
}

/** Numbers dials and asks for everybody who shares a carrier, so that no two are alike. */
export class LinkNumbers {
  #dials = 0;
  #asks = 0;

  nextDial(): number {
    return ++this.#dials;
  }

  nextAsk(): AskId {
    return askId(++this.#asks);
  }
}

/** How a link is doing. Bytes are all that were carried, from its beginning. */
export interface LinkStats {
  readonly srttMs: number;
  readonly cwndBytes: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** A carrier that runs in the real world, as the shells of swarm logic take it. One user at a time. */
export interface LinkPort {
  /** Our own identity. */
  readonly peer: PeerId;
  /** Where we are bound. */
  readonly address: Address;
  /** 32 bytes that only those have whom this carrier lets in, if it is closed to others: to be told apart outside of links. */
  readonly groupSecret?: Uint8Array | undefined;
  perform(order: LinkOrder): void;
  /** Sets who is told the facts; facts never arrive from within `perform`. */
  listen(handle: (fact: LinkFact) => void): void;
  /** Memory of `bytes` bytes, with any content, for a body to be answered with. Never needed, as `recycle` below. */
  lend?(bytes: number): Uint8Array;
  /**
   * Gives a `body` back that was received, or lent and has been sent, and that nobody will look at again: its memory may
   * serve for another. Never needed, but fast transfers are faster with it.
   */
  recycle?(body: Uint8Array): void;
  /** Undefined when the link is closed. Not every carrier knows. */
  linkStats?(link: LinkId): LinkStats | undefined;
  /** Tells every remote, then releases the socket. */
  close(): Promise<void>;
}
