// A running swarm, told by the process that serves the page: server-sent events fill a reel while it is being shown. A lost
// connection is taken up again where it broke; when nobody answers any more, the page keeps what it has.

import { type Signal, signal } from '@preact/signals';
import type { RecordingHeader } from '../happenings.ts';
import { HappeningReader, readHeader } from '../recording-file.ts';
import { Reel } from '../reel.ts';

const triesMax = 12; // half a second apart: then the process that told is taken for gone
const closed = 2; // EventSource.CLOSED: it was refused, and is not tried again

/** `recorded`: it was over before; `refused`: something came that cannot be shown. */
export type LiveState = 'connecting' | 'following' | 'recorded' | 'interrupted' | 'ended' | 'gone' | 'refused';

/** What is needed of an EventSource. */
export interface Stream {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

export class LiveSource {
  readonly reel: Reel = new Reel();
  readonly state: Signal<LiveState> = signal('connecting');
  readonly header: Signal<RecordingHeader | undefined> = signal(undefined);
  readonly #reader = new HappeningReader();
  readonly #stream: Stream;
  #tries = 0;

  constructor(stream: Stream) {
    this.#stream = stream;
    const listen = (type: string, take: (data: unknown) => void): void =>
      stream.addEventListener(type, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
    listen('recording', (header) => this.#begin(header));
    listen('message', (data) => this.#take(data as Told));
    listen('end', () => this.#finish(this.state.peek() === 'recorded' ? 'recorded' : 'ended'));
    stream.addEventListener('error', () => this.#broken());
  }

  close(): void {
    this.#stream.close();
  }

  #begin(value: unknown): void {
    this.#tries = 0;
    const header = readHeader(value);
    if (typeof header === 'string') return this.#finish('refused');
    this.header.value = header;
    const { isOver } = value as { readonly isOver?: unknown };
    this.state.value = isOver === true && this.state.peek() === 'connecting' ? 'recorded' : 'following';
  }

  #take({ untilMs, happenings }: Told): void {
    for (const value of happenings) {
      const happening = this.#reader.read(value);
      if (typeof happening === 'string') return this.#finish('refused');
      this.reel.append([happening]);
    }
    this.reel.append([], untilMs);
  }

  #broken(): void {
    if (this.reel.isComplete) return;
    this.#tries += 1;
    if (this.#stream.readyState === closed || this.#tries > triesMax) this.#finish('gone');
    else this.state.value = 'interrupted';
  }

  #finish(state: LiveState): void {
    this.#stream.close();
    this.reel.isComplete = true;
    this.state.value = state;
  }
}

/** Everything that happened until a moment, since the last time. */
interface Told {
  readonly untilMs: number;
  readonly happenings: readonly unknown[];
}
