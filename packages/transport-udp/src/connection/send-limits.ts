// How long a connection could have sent more than it did, by what kept it from it. Told after every transmission; what kept it
// then does so until the next. Congestion is the window or the pacer, which follow what the path takes (RFC 9002, section 7);
// the receiver is flow control (RFC 9000, section 4).

import { type Instant, msBetween, type SendLimits } from '@shoal/machine';

export type SendLimit = 'congestion' | 'receiver';

export class SendLimitsWatch {
  #since: Instant | undefined;
  #limit: SendLimit | undefined;
  #congestionMs = 0;
  #receiverMs = 0;

  /** What keeps it from now on; undefined: nothing does, or there is nothing to send. */
  note(limit: SendLimit | undefined, now: Instant): void {
    const ms = this.#since === undefined ? 0 : msBetween(this.#since, now);
    if (this.#limit === 'congestion') this.#congestionMs += ms;
    else if (this.#limit === 'receiver') this.#receiverMs += ms;
    this.#limit = limit;
    this.#since = now;
  }

  /** Since the beginning, up to the last `note`. */
  get total(): SendLimits {
    return { congestionMs: this.#congestionMs, receiverMs: this.#receiverMs };
  }
}
