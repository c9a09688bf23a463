// What has happened in a swarm so far, in the order of its time, kept for whoever comes late: in memory up to a limit, and
// in a file when one is asked for. Several processes may tell; their times are of one clock, and are waited for.

import type { Happening, RecordingHeader } from '@shoal/visualizer';

/** Beyond it, what passed by (requests, rates, reasons) is forgotten, the oldest first; at the end of that, no more is kept. */
const historyBytesMax = 64 * 1024 * 1024;

/** What no later moment needs to be told right. */
const passing: ReadonlySet<Happening['kind']> = new Set(['asked', 'dropped', 'link', 'why']);

/** One happening as it is sent and saved, and its place among all. */
interface Line {
  readonly number: number;
  readonly text: string;
  readonly passes: boolean;
}

export interface RecordingOptions {
  readonly header: RecordingHeader;
  /** On the clock of those who tell, where the recording begins; by default with the first that happened. */
  readonly startMs?: number;
  /** How late those who tell may be. */
  readonly lagMs?: number;
  /** Names of peers, for people; by default the beginning of their identity. */
  readonly nameOf?: (peer: string) => string | undefined;
  readonly bytesMax?: number;
  /** Told every line, in order; those that are forgotten, too. */
  readonly save?: (text: string) => void;
}

export class Recording {
  readonly header: RecordingHeader;
  /** Everything until this moment is known, ms from the start. */
  untilMs = 0;
  isEnded = false;
  /** There is no room for more. */
  isFull = false;
  readonly #options: RecordingOptions;
  readonly #names = new Map<string, string>();
  #startMs: number | undefined;
  #waiting: Happening[] = [];
  #lines: Line[] = [];
  #bytes = 0;
  #count = 0;
  #changed = Promise.withResolvers<void>();

  constructor(options: RecordingOptions) {
    this.header = options.header;
    this.#options = options;
    this.#startMs = options.startMs;
    options.save?.(JSON.stringify(options.header));
  }

  /** Resolves when more is known. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** What happened, `atMs` on the clock of those who tell. */
  add(happenings: readonly Happening[]): void {
    if (this.isEnded) return;
    for (const happening of happenings) this.#waiting.push(happening);
  }

  /** It is `nowMs`: what is old enough to be in order is told. */
  tick(nowMs: number): void {
    this.#release(nowMs - (this.#options.lagMs ?? 0));
  }

  end(nowMs: number): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#release(nowMs);
  }

  /** Lines after number `after`, about `bytes` of them, and the number of the last. */
  read(after: number, bytes: number): { readonly texts: readonly string[]; readonly last: number } {
    const texts: string[] = [];
    let last = after;
    let size = 0;
    for (let i = this.#indexAfter(after); i < this.#lines.length && size < bytes; i += 1) {
      const { text, number } = this.#lines[i]!;
      texts.push(text);
      size += text.length;
      last = number;
    }
    return { texts, last };
  }

  #release(untilMs: number): void {
    const waiting = this.#waiting.sort((a, b) => a.atMs - b.atMs);
    const late = waiting.findIndex(({ atMs }) => atMs > untilMs);
    this.#waiting = late < 0 ? [] : waiting.splice(late);
    this.#startMs ??= waiting[0]?.atMs;
    const startMs = this.#startMs ?? untilMs;
    for (const happening of waiting) this.#keep(happening, Math.max(this.untilMs, happening.atMs - startMs));
    this.untilMs = Math.max(this.untilMs, untilMs - startMs);
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  #keep(happening: Happening, atMs: number): void {
    const text = JSON.stringify({ ...this.#named(happening), atMs: Math.round(atMs * 10) / 10 });
    this.#options.save?.(text);
    if (this.isFull) return;
    this.#count += 1;
    this.#lines.push({ number: this.#count, text, passes: passing.has(happening.kind) });
    this.#bytes += text.length;
    if (this.#bytes > (this.#options.bytesMax ?? historyBytesMax)) this.#thin();
  }

  #thin(): void {
    const newest = Math.floor(this.#lines.length * 0.75);
    this.#lines = this.#lines.filter(({ passes }, i) => !passes || i >= newest);
    this.#bytes = this.#lines.reduce((sum, { text }) => sum + text.length, 0);
    this.isFull = this.#bytes > (this.#options.bytesMax ?? historyBytesMax) * 0.9;
  }

  #named(happening: Happening): Happening {
    const named: Record<string, unknown> = { ...happening };
    for (const field of ['peer', 'remote', 'from']) {
      const peer = named[field];
      if (typeof peer === 'string') named[field] = this.#nameOf(peer);
    }
    return named as Happening;
  }

  /** Short, and nobody else's. */
  #nameOf(peer: string): string {
    const given = this.#options.nameOf?.(peer);
    if (given !== undefined) return given;
    const short = peer.slice(0, 8);
    const owner = this.#names.get(short) ?? peer;
    if (owner !== peer) return peer;
    this.#names.set(short, peer);
    return short;
  }

  #indexAfter(number: number): number {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle]!.number > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
