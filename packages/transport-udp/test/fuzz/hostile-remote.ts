// A remote that has authenticated itself and then sends what the dice say: frames and pieces that half keep to the
// protocol, because nonsense alone gets it shut out before anything is reached.

import type { Rng } from '@shoal/machine';
import type { Frame } from '../../src/packet/frames.ts';
import { framed, KeyedRemote, type KeyedRemoteOptions } from '../keyed-remote.ts';
import { glued, lie } from './rubbish.ts';

const streamsMax = 8;
const pieceBytes = 1_400;
const tokensKept = 4;
const numberMax = 2 ** 48 - 1;
const varintMax = 2 ** 53 - 1;

/** A stream that it writes to more or less as it should. */
interface Written {
  end: number;
  readonly pieces: {
    readonly at: number;
    readonly record: Uint8Array;
    readonly start: number;
    readonly last: boolean;
  }[];
}

export class HostileRemote extends KeyedRemote {
  readonly #rng: Rng;
  /** It has been told that the connection is over. */
  shutOut = false;
  readonly #streams = new Map<number, Written>();
  #tokens: number[] = [];
  #repairs = 0;

  constructor(options: KeyedRemoteOptions & { readonly rng: Rng }) {
    const { rng } = options;
    const orLie = (value: number): number => (rng.chance(0.6) ? value : lie(rng));
    const parameters = {
      connectionWindowBytes: orLie(2 ** 20),
      streamWindowBytes: orLie(2 ** 20),
      remoteStreamsMax: orLie(16),
      datagramBytesMax: orLie(1_472),
      idleTimeoutMs: orLie(30_000),
      receiveBufferBytes: orLie(212_992),
    };
    super({ ...options, parameters });
    this.#rng = rng;
  }

  /** The next datagram it sends, once it is established. */
  next(): Uint8Array {
    this.#learn();
    const one = this.#packet();
    return this.#rng.chance(0.1) ? glued([one, this.#packet()]) : one;
  }

  #learn(): void {
    for (const frame of this.frames.splice(0))
      if (frame.type === 'pathChallenge') this.#tokens = [...this.#tokens.slice(1 - tokensKept), frame.token];
      else if (frame.type === 'close') this.shutOut = true;
  }

  #packet(): Uint8Array {
    if (this.#rng.chance(0.5)) return this.#bulk();
    const plaintext = this.#rng.chance(0.01) ? this.#rng.bytes(this.#rng.below(100)) : this.#frames();
    return this.control(plaintext, this.#nextNumber());
  }

  #nextNumber(): number {
    const rng = this.#rng;
    this.number += rng.chance(0.01) ? rng.below(1_000) : 1;
    return rng.chance(0.97) ? this.number : Math.min(numberMax, lie(rng));
  }

  #frames(): Uint8Array {
    const rng = this.#rng;
    const count = rng.chance(0.02) ? rng.below(400) : 1 + rng.below(4);
    const padding = rng.chance(0.1) ? rng.below(1_300) : 0;
    return framed(
      Array.from({ length: count }, () => this.#frame()),
      padding,
    );
  }

  #frame(): Frame {
    const rng = this.#rng;
    const stream = this.#streamId();
    const number = (): number => Math.min(varintMax, lie(rng));
    switch (rng.below(16)) {
      case 0:
        return { type: 'ping' };
      case 1:
        return { type: 'maxData', bytes: number() };
      case 2:
        return { type: 'maxStreamData', stream, bytes: number() };
      case 3:
        return { type: 'maxStreams', count: number() };
      case 4:
        return { type: 'reset', stream, code: number(), finalOffset: number() };
      case 5:
        return { type: 'stop', stream, code: number() };
      case 6: {
        const start = rng.chance(0.5) ? 0 : number();
        return { type: 'repair', stream, start, repair: rng.chance(0.5) ? (this.#repairs += 1) : number() };
      }
      case 7:
        return rng.chance(0.01) ? { type: 'close', code: number() } : { type: 'handshakeDone' };
      case 8:
        return { type: 'pathChallenge', token: number() };
      case 9:
        return { type: 'pathResponse', token: rng.pick(this.#tokens) ?? number() };
      default:
        return { type: 'ack', delayUs: number(), ranges: this.#ackRanges() };
    }
  }

  /** Of packets it got, mostly; some that it did not get, or that were never sent. */
  #ackRanges(): number[] {
    const rng = this.#rng;
    const next = (this.heard.at(-1) ?? 0) + 1;
    let end = rng.chance(0.9) ? next - rng.below(Math.min(3, next)) : Math.min(numberMax, lie(rng)) + 1;
    const ranges: number[] = [];
    for (let i = rng.chance(0.05) ? rng.below(64) : rng.below(3); i >= 0 && end > 0; i -= 1) {
      const start = Math.max(0, end - 1 - (rng.chance(0.9) ? rng.below(30) : lie(rng)));
      ranges.push(start, end);
      end = start - 1 - rng.below(4);
    }
    return ranges;
  }

  /** One of a few, of its own opening or the other side's; rarely any. */
  #streamId(): number {
    const rng = this.#rng;
    return rng.chance(0.95) ? rng.below(2 * streamsMax) : lie(rng);
  }

  #bulk(): Uint8Array {
    const rng = this.#rng;
    if (rng.chance(0.2)) return this.#rubbishPiece();
    const stream = 2 * rng.below(streamsMax) + (this.dialler ? 0 : 1);
    let written = this.#streams.get(stream);
    if (written === undefined) this.#streams.set(stream, (written = { end: 0, pieces: [] }));
    if (written.pieces.length === 0) this.#seal(stream, written);
    const which = rng.chance(0.9) ? 0 : rng.below(written.pieces.length);
    const piece = written.pieces[which]!;
    if (rng.chance(0.9)) written.pieces.splice(which, 1);
    if (written.pieces.length === 0 && piece.last) this.#streams.delete(stream);
    const { at, record, start, last } = piece;
    const header = { packetNumber: this.#nextNumber(), stream, recordStart: start, recordBytes: record.length, last };
    const bytes = record.slice(at, at + pieceBytes);
    if (rng.chance(0.02)) bytes[rng.below(bytes.length)]! ^= 1;
    return this.bulk({ ...header, pieceOffset: at }, bytes);
  }

  /** A record with what a link might say, or anything; rarely one that does not follow the one before. */
  #seal(stream: number, written: Written): void {
    const rng = this.#rng;
    const plaintext = rng.bytes(rng.chance(0.8) ? rng.below(100) : rng.below(20_000));
    if (written.end === 0 && plaintext.length > 0 && rng.chance(0.8)) plaintext[0] = 1; // a link's version
    if (plaintext.length > 6 && rng.chance(0.8)) plaintext.fill(0, 1, 4); // lengths that are small
    const last = rng.chance(0.05);
    const start = rng.chance(0.99) ? written.end : Math.min(numberMax, lie(rng));
    const record = this.record(stream, start, plaintext, last);
    written.end += record.length;
    for (let at = 0; at < record.length; at += pieceBytes) written.pieces.push({ at, record, start, last });
  }

  #rubbishPiece(): Uint8Array {
    const rng = this.#rng;
    const recordBytes = 1 + (rng.chance(0.5) ? rng.below(2_000) : rng.below(65_536));
    const header = {
      packetNumber: this.#nextNumber(),
      stream: Math.min(2 ** 32 - 1, this.#streamId()),
      recordStart: rng.chance(0.5) ? rng.below(3_000) : Math.min(numberMax, lie(rng)),
      recordBytes,
      pieceOffset: rng.chance(0.8) ? rng.below(recordBytes) : rng.below(65_536),
      last: rng.chance(0.1),
    };
    const fits = Math.max(0, recordBytes - header.pieceOffset);
    return this.bulk(header, rng.bytes(rng.chance(0.9) ? Math.min(pieceBytes, fits) : rng.below(pieceBytes)));
  }
}
