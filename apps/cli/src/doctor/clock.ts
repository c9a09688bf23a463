// Whether the system keeps its clock in time. Transfers do not depend on it, since shoal measures by a clock that is never
// set; logs, recordings and the times of files do. No message tells the time of day, so that it is the system that is asked.

import { execFile } from 'node:child_process';
import type { Finding } from './finding.ts';

const waitMs = 2_000;

export const clockFinding = async (): Promise<Finding> => explainClock(new Date(), await ask());

/** What `timedatectl` says of being synchronized; undefined where there is none, or it does not answer. */
const ask = (): Promise<string | undefined> =>
  new Promise((resolve) => {
    const args = ['show', '--property', 'NTPSynchronized', '--value'];
    execFile('timedatectl', args, { timeout: waitMs }, (error, stdout) => resolve(error === null ? stdout : undefined));
  });

/** `yes` and `no` are its words. */
export function explainClock(now: Date, synchronized: string | undefined): Finding {
  const time = `${now.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const values = { timeMs: now.getTime() };
  switch (synchronized?.trim()) {
    case 'yes':
      return { what: 'clock', standing: 'ok', words: `${time}, kept in time by the system`, values };
    case 'no':
      return {
        what: 'clock',
        standing: 'slow',
        words: `${time}, and nothing keeps it in time: logs of different machines will not fit (transfers do)`,
        advice: 'sudo timedatectl set-ntp true',
        values,
      };
    default:
      return {
        what: 'clock',
        standing: 'unknown',
        words: `${time}; whether that is right, this system does not tell (transfers do not depend on it)`,
        values,
      };
  }
}
