// What a program must offer to be measured moving content: that it is made ready (`serve`), and that receivers of it are
// started (`get`). Both benches, `e2e` on one machine and `swarm` on many, ask for nothing else.

import type { Host } from '../transport/networks/network.ts';

/** A file or folder that is to be moved. */
export interface Content {
  readonly path: string;
  readonly bytes: number;
}

export interface Setting {
  readonly trackerHost: Host;
  readonly senderHost: Host;
  /** For whatever a program needs beside the content; goes after the measurement. */
  readonly scratch: string;
}

export interface Program {
  /** Why it cannot be measured on this machine, or undefined. */
  whyNot(): string | undefined;
  /** All that comes before the clock: its tracker runs, and a sender that has the content is known to the tracker. */
  serve(content: Content, setting: Setting): Promise<Serving>;
}

/** Until it is disposed of. */
export interface Serving extends AsyncDisposable {
  /** Whose CPU time and memory are the sender's; undefined where nobody sends. */
  readonly senderPid: number | undefined;
  /** Starts a receiver, which makes the content under its own name in `folder`, an empty one. */
  get(host: Host, folder: string): Receiver;
}

/** Serves on what it has, until it is disposed of. */
export interface Receiver extends AsyncDisposable {
  readonly pid: number;
  /** All content is there and verified, as far as the program verifies. Rejects when it ends before. */
  readonly done: Promise<unknown>;
}
