// Who has wronged us, and who is banned for it. One chunk comes whole from one peer over an authenticated link, so a
// chunk that fails its check names its sender beyond doubt: that alone is worth a ban. Messages that break the
// protocol may be a bug, so a few are borne.

import { after, type Instant, type PeerId } from '@shoal/machine';

export type Offence = 'badChunk' | 'badManifest' | 'badMessage' | 'badReply';

const weights: Record<Offence, number> = { badChunk: 3, badManifest: 3, badMessage: 1, badReply: 1 };
const strikesToBan = 3;
const banMs = 60 * 60 * 1_000; // an hour: longer than most transfers, shorter than a repaired disk waits
const offendersMax = 1_024; // the oldest entry goes: a stranger with many identities cannot grow the table

interface Standing {
  strikes: number;
  bannedUntil: Instant | undefined;
}

/** Counts offences by identity. */
export class Strikes {
  readonly #records = new Map<PeerId, Standing>();

  /** Notes an offence; returns whether the peer is banned from now on. */
  strike(peer: PeerId, offence: Offence, now: Instant): boolean {
    const record = this.#records.get(peer) ?? { strikes: 0, bannedUntil: undefined };
    this.#records.delete(peer);
    this.#records.set(peer, record);
    if (this.#records.size > offendersMax) this.#forgetOldest();
    record.strikes += weights[offence];
    if (record.strikes >= strikesToBan) record.bannedUntil = after(now, banMs);
    return record.bannedUntil !== undefined;
  }

  isBanned(peer: PeerId, now: Instant): boolean {
    const record = this.#records.get(peer);
    if (record?.bannedUntil === undefined) return false;
    if (now < record.bannedUntil) return true;
    this.#records.delete(peer);
    return false;
  }

  #forgetOldest(): void {
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }
}
