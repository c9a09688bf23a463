// Which address packets go to, and when that changes (RFC 9000 sections 8.2 and 9). A remote whose newest sealed packet
// comes from elsewhere may have moved: the new address has to prove that the remote receives there, by returning a token,
// before anything but that token is sent to it. Until then everything goes where it went.

import { type Address, after, earliest, type Instant, msBetween, NEVER, sameAddress } from '@shoal/machine';
import type { Frame } from '../packet/frames.ts';

/** A challenge fills a datagram of this size, so that the path is known to carry it (RFC 9000 section 8.2.1). */
const challengeBytes = 1_200;
/**
 * An unproved address gets at most 3 times what came from it (RFC 9000 section 8): challenges may be twice as much, because
 * each packet from there may also hold a question, whose answer is as large as the packet.
 */
const challengesPerByteMax = 2;
/** An address that has not answered for so many probe timeouts is given up (RFC 9000 section 8.2.4). */
const patiencePtos = 3;
/** Answers to challenges waiting to leave; of more the oldest is dropped, and the remote asks again. */
const responsesMax = 4;

/** A packet for one path alone, padded to `bytes`. */
export interface PathPacket {
  readonly address: Address;
  readonly frame: Frame;
  readonly bytes: number;
}

export interface PathsOptions {
  readonly address: Address;
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** An address that has not proved yet that the remote receives there. */
interface Candidate {
  readonly address: Address;
  readonly token: number;
  readonly givenUpAt: Instant;
  challengeAt: Instant;
  bytesReceived: number;
  bytesSent: number;
  /** When the only challenge left; undefined when there were more, or none. */
  sentAt: Instant | undefined;
}

/** A remote has moved. */
export interface Move {
  readonly left: Address;
  /** How long the token took there and back: a first guess of the new round trip (RFC 9002 section 6.2.2). */
  readonly rttMs: number | undefined;
}

export class Paths {
  readonly #randomBytes: PathsOptions['randomBytes'];
  #address: Address;
  #candidate: Candidate | undefined;
  #newest = -1;
  #responses: PathPacket[] = [];

  constructor({ address, randomBytes }: PathsOptions) {
    this.#address = address;
    this.#randomBytes = randomBytes;
  }

  /** Where everything goes: proved by the handshake, or by a token. */
  get address(): Address {
    return this.#address;
  }

  /**
   * Notes that a sealed packet was authentic and new. Only the newest one can start a move: a copy that somebody sends
   * from another address is a duplicate, and one that overtook the true one is contradicted by whatever comes next from
   * the true address (RFC 9000 section 9.3.3).
   */
  noteSealed(packetNumber: number, from: Address, bytes: number, ptoMs: number, now: Instant): void {
    const newest = packetNumber > this.#newest;
    if (newest) this.#newest = packetNumber;
    if (sameAddress(from, this.#address)) {
      if (newest) this.#candidate = undefined;
      return;
    }
    if (newest && (this.#candidate === undefined || !sameAddress(from, this.#candidate.address)))
      this.#candidate = {
        address: from,
        token: tokenFrom(this.#randomBytes(6)),
        givenUpAt: after(now, patiencePtos * ptoMs),
        challengeAt: now,
        bytesReceived: 0,
        bytesSent: 0,
        sentAt: undefined,
      };
    if (this.#candidate !== undefined && sameAddress(from, this.#candidate.address))
      this.#candidate.bytesReceived += bytes;
  }

  /**
   * The answer goes where the question came from, and is no larger (RFC 9000 section 8.2.2). `bytes` is the size of its
   * packet: whoever puts several questions into one is answered the last.
   */
  handleChallenge(token: number, from: Address, bytes: number): void {
    if (this.#responses.length === responsesMax) this.#responses.shift();
    this.#responses.push({
      address: from,
      frame: { type: 'pathResponse', token },
      bytes: Math.min(bytes, challengeBytes),
    });
  }

  /** Moves once the token has come back from the new address. */
  handleResponse(token: number, now: Instant): Move | undefined {
    const candidate = this.#candidate;
    if (candidate?.token !== token) return undefined;
    const left = this.#address;
    this.#address = candidate.address;
    this.#candidate = undefined;
    return { left, rttMs: candidate.sentAt === undefined ? undefined : msBetween(candidate.sentAt, now) };
  }

  /** True when `poll` has a packet. */
  wants(now: Instant): boolean {
    return this.#responses.length > 0 || (this.#candidate?.challengeAt ?? NEVER) <= now;
  }

  /** A packet to leave now, whatever the window says; a challenge comes again after `ptoMs`. */
  poll(ptoMs: number, now: Instant): PathPacket | undefined {
    const response = this.#responses.shift();
    if (response !== undefined) return response;
    const candidate = this.#candidate;
    if (candidate === undefined || now < candidate.challengeAt) return undefined;
    const room = challengesPerByteMax * candidate.bytesReceived - candidate.bytesSent;
    candidate.challengeAt = after(now, ptoMs);
    if (room < challengeBytesMin) return undefined;
    const bytes = Math.min(room, challengeBytes);
    candidate.sentAt = candidate.bytesSent === 0 ? now : undefined;
    candidate.bytesSent += bytes;
    return { address: candidate.address, frame: { type: 'pathChallenge', token: candidate.token }, bytes };
  }

  nextTimeout(): Instant {
    return this.#candidate === undefined ? NEVER : earliest(this.#candidate.challengeAt, this.#candidate.givenUpAt);
  }

  handleTimeout(now: Instant): void {
    if (this.#candidate !== undefined && now >= this.#candidate.givenUpAt) this.#candidate = undefined;
  }
}

/** A control packet with nothing but a challenge. */
const challengeBytesMin = 64;

/** 48 bits: the frame is sealed, so only the remote itself could try to guess. */
const tokenFrom = (random: Uint8Array): number => random.reduce((token, byte) => token * 256 + byte, 0);
