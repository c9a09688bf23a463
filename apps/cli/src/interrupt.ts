// Ctrl-C: the first asks for a graceful stop through an AbortSignal, the second ends the process at once.
// One key press can arrive several times, from the terminal and again from npm and the launcher, so that a
// signal right after the first is taken for its echo.

import { exitCodes } from './exit-codes.ts';

/** What a signal means for the exit status. */
const statusOf = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  SIGHUP: exitCodes.terminated,
} as const;

const echoMs = 500;

/** The way a run learns that it should stop. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The status to end with when a signal came; undefined when none did. */
  status(): number | undefined;
  /** Resolves at the first signal. */
  wait(): Promise<void>;
}

/** Listens for the signals that end a program, for the rest of the process's life. */
export function listenForInterrupt(): Interrupt {
  const controller = new AbortController();
  let status: number | undefined;
  let firstAt = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (status !== undefined && performance.now() - firstAt > echoMs) process.exit(status);
      if (status !== undefined) return;
      firstAt = performance.now();
      status = statusOf[name];
      controller.abort();
    });
  return {
    signal: controller.signal,
    status: () => status,
    wait: () =>
      new Promise((resolve) => {
        if (controller.signal.aborted) resolve();
        else controller.signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
}
