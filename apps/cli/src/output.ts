// Where a command speaks: data on stdout, words for people on stderr, and with --json one event a line on stdout
// (docs/json-events.md).

import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { escapeText } from './text/escape.ts';

/** The version of the events that --json prints; raised when a field changes its meaning or goes. */
const eventsVersion = 1;

/** One event as --json prints it. */
export const eventLine = (event: { readonly event: string }): string =>
  `${JSON.stringify({ v: eventsVersion, ...event })}\n`;
/** How often progress is told where nothing can be replaced. */
const plainEveryMs = 5_000;
const columnsOfPipes = 80;

/** The wishes of one run of the program. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly progress?: boolean;
}

export interface Output {
  readonly json: boolean;
  /** True when `live` replaces what it said on a terminal that somebody watches. */
  readonly isLive: boolean;
  /** The width of a line for people. */
  readonly columns: number;
  /** What a script would want: a ticket, an address, a row. With --json, said by `event` instead. */
  data(text: string): void;
  /** A word to the person at the terminal; not with --quiet. */
  say(line: string): void;
  /** More of it, with --verbose only. */
  detail(line: string): void;
  /** What went wrong: always said. */
  complain(line: string): void;
  /** One event of --json; nothing without it, nor for progress that is none. */
  event(event: { readonly event: string } & Record<string, unknown>): void;
  /** Text that replaces what it said last, on a terminal; on a pipe nothing, or now and then with --progress. */
  live(text: string): void;
  /** Leaves the live text as it stands. */
  liveDone(): void;
}

/** The terminal or pipe that people read. */
export type PeopleStream = Writable & { isTTY?: boolean; columns?: number };

/** The output for these streams. Every line is escaped here, so that callers can pass names from others as they are. */
export async function openOutput(stdout: Writable, stderr: PeopleStream, options: OutputOptions): Promise<Output> {
  const { json = false, quiet = false, verbose = false, progress = false } = options;
  const isLive = stderr.isTTY === true && !json && !quiet;
  const live = isLive ? await openLive(stderr) : openPlain(stderr, progress && !quiet);
  const tell = (line: string): void => {
    live.clear();
    stderr.write(`${line}\n`);
  };
  let progressTold = '';
  return {
    json,
    isLive,
    get columns() {
      return stderr.columns ?? columnsOfPipes;
    },
    data: (text) => void (json || stdout.write(`${escapeLines(text)}\n`)),
    say: (line) => void (quiet || tell(escapeLines(line))),
    detail: (line) => void (verbose && tell(styleText('dim', escapeLines(line), { stream: stderr }))),
    complain: (line) =>
      tell(escapeLines(line).replace(/^shoal:/, (name) => styleText(['red', 'bold'], name, { stream: stderr }))),
    event(event) {
      if (!json) return;
      const line = eventLine(event);
      if (line === progressTold) return;
      if (event.event === 'progress') progressTold = line;
      stdout.write(line);
    },
    live: (text) => live.show(escapeLines(text)),
    liveDone: () => live.done(),
  };
}

const escapeLines = (text: string): string => text.split('\n').map(escapeText).join('\n');

interface Live {
  show(text: string): void;
  clear(): void;
  done(): void;
}

/** log-update, loaded only where somebody watches: it takes longer to load than most commands to run. */
async function openLive(stream: PeopleStream): Promise<Live> {
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(stream);
  return { show: (text) => update(text), clear: () => update.clear(), done: () => update.done() };
}

function openPlain(stream: PeopleStream, isWanted: boolean): Live {
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      if (!isWanted || performance.now() - shownAt < plainEveryMs) return;
      shownAt = performance.now();
      stream.write(`${text}\n`);
    },
    clear() {},
    done() {},
  };
}
