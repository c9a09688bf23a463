// The most memory that processes have had: of their own (RssAnon, looked at often), and resident in all (VmHWM, which
// the system keeps, and in which a file that is mapped counts too).

import { readFileSync } from 'node:fs';

const lookEveryMs = 25;

export class MemoryWatch implements Disposable {
  readonly #pids: Readonly<Record<string, number | undefined>>;
  readonly #peaks: Record<string, number> = {};
  readonly #timer = setInterval(() => this.#look(), lookEveryMs);

  constructor(pids: Readonly<Record<string, number | undefined>>) {
    this.#pids = pids;
  }

  /** In MB, by `senderOwnMB`, `senderResidentMB` and so on. */
  peaks(): Readonly<Record<string, number>> {
    this.#look();
    return this.#peaks;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [name, pid] of Object.entries(this.#pids)) {
      const status = statusOf(pid);
      this.#raise(`${name}OwnMB`, /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
      this.#raise(`${name}ResidentMB`, /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
    }
  }

  #raise(figure: string, kibibytes: string | undefined): void {
    if (kibibytes === undefined) return;
    this.#peaks[figure] = Math.max(this.#peaks[figure] ?? 0, (Number(kibibytes) * 1_024) / 1e6);
  }
}

/** Empty for a process that has ended. */
function statusOf(pid: number | undefined): string {
  try {
    return pid === undefined ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
