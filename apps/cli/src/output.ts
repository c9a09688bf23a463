// Where a command speaks: data on stdout, words for people on stderr, and with --json one event a line on stdout.

import type { Writable } from 'node:stream';
import { escapeText } from './text/escape.ts';

/** The version of the events that --json prints; raised when a field changes its meaning or goes. */
const eventsVersion = 1;

/** The streams and wishes of one run of the program. */
export interface Output {
  readonly json: boolean;
  /** True when somebody watches a terminal, so that `live` shows something. */
  readonly isLive: boolean;
  /** What a script would want: a ticket, an address, a row. With --json, said by `event` instead. */
  data(text: string): void;
  /** A word to the person at the terminal. */
  say(line: string): void;
  /** One event of --json; nothing without it. */
  event(event: { readonly event: string } & Record<string, unknown>): void;
  /** Text that replaces what it said last, on a terminal; nothing on a pipe. May have several lines. */
  live(text: string): void;
  /** Leaves the live text as it stands. */
  liveDone(): void;
}

/** The terminal or pipe that people read. */
export type PeopleStream = Writable & { isTTY?: boolean };

/** The output for these streams. Every line is escaped here, so that callers can pass names from others as they are. */
export async function openOutput(stdout: Writable, stderr: PeopleStream, json: boolean): Promise<Output> {
  const live = await openLive(stderr, json);
  return {
    json,
    isLive: stderr.isTTY === true && !json,
    data: (text) => void (json || stdout.write(`${escapeLines(text)}\n`)),
    say(line) {
      live.clear();
      stderr.write(`${escapeLines(line)}\n`);
    },
    event: (event) => void (json && stdout.write(`${JSON.stringify({ v: eventsVersion, ...event })}\n`)),
    live: (text) => live(escapeLines(text)),
    liveDone: () => live.done(),
  };
}

const escapeLines = (text: string): string => text.split('\n').map(escapeText).join('\n');

/** log-update, loaded only where somebody watches: it takes longer to load than most commands to run. */
async function openLive(
  stream: PeopleStream,
  json: boolean,
): Promise<((text: string) => void) & { clear(): void; done(): void }> {
  if (json || stream.isTTY !== true) return Object.assign(() => {}, { clear() {}, done() {} });
  const { createLogUpdate } = await import('log-update');
  return createLogUpdate(stream);
}
