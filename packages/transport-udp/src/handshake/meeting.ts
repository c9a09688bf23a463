// Two sides that dial each other at once meet in one connection. Each answers the other's dial beside its own, so there
// are two handshakes for one connection. The side with the smaller identity leads: it takes whichever handshake it
// finishes first. The other follows: it finishes its own dial only when the leader uses it. So both use the same one,
// whichever packets are lost, without a word more on the network.

import { bytesEqual, type Instant } from '@shoal/machine';
import { type ConnectionId, sameConnectionId } from '../packet/header.ts';
import type { HandshakePacket } from './handshake-packet.ts';
import { Handshaker, type HandshakerOptions } from './handshaker.ts';

/** First packets answered beside one dial. One is the remote's; more are of somebody who knows that we dial. */
const answersMax = 4;

export class Meeting {
  readonly #answers: { readonly handshaker: Handshaker; readonly packet: HandshakePacket }[] = [];

  /** Answers a first packet; calls `options` for the handshake where it is a new one. */
  handleFirst(packet: HandshakePacket, options: () => HandshakerOptions, now: Instant): void {
    let answer = this.#answers.find(
      (one) => sameConnectionId(one.packet.source, packet.source) && bytesEqual(one.packet.message, packet.message),
    );
    if (answer === undefined) {
      if (this.#answers.length === answersMax) return;
      answer = { handshaker: new Handshaker(options(), packet.source), packet };
      this.#answers.push(answer);
    }
    answer.handshaker.handlePacket(packet, now);
  }

  /** The handshake in which we go by `id`. */
  find(id: ConnectionId): Handshaker | undefined {
    return this.#answers.find(({ handshaker }) => sameConnectionId(handshaker.localId, id))?.handshaker;
  }

  /** Writes an answer that is due; 0 when none is. */
  pollTransmit(out: Uint8Array): number {
    for (const { handshaker } of this.#answers) {
      const length = handshaker.pollTransmit(out);
      if (length > 0) return length;
    }
    return 0;
  }
}

/** True when we lead: our public key is the smaller one. */
export function leads(ours: Uint8Array, theirs: Uint8Array): boolean {
  const at = ours.findIndex((byte, i) => byte !== theirs[i]);
  return at >= 0 && ours[at]! < theirs[at]!;
}
