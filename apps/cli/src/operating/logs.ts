// The log of a tracker, on stderr: lines for people on a terminal, JSON for whoever collects it elsewhere.

import type { ShoalError } from '@shoal/machine';
import type { ServedTrackerEvent } from '@shoal/tracker/node';
import type { Logger } from 'pino';
import type { LogLevel } from './settings.ts';

/** pino is loaded here alone: no other command pays for it. */
export async function openLog(level: LogLevel): Promise<Logger> {
  const { pino } = await import('pino');
  const options = { level, base: null };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ fd: 2, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  return pino(options, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }));
}

/** What happens to peers is for whoever looks for it; what the store cannot do is told by `StoreWatch`. */
export function logEvent(log: Logger, event: ServedTrackerEvent): void {
  if (event.type === 'storeFailed') return;
  const { type, ...what } = event;
  log[type === 'derived' ? 'info' : 'debug'](what, type);
}

/** Says once when a store gets into trouble, and once when it is out of it. */
export class StoreWatch {
  readonly #log: Logger;
  #trouble: string | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  look(trouble: ShoalError | undefined): void {
    if (trouble !== undefined && this.#trouble === undefined)
      this.#log.error({ code: trouble.code }, `${trouble.message}; peers are told to ask again`);
    if (trouble === undefined && this.#trouble !== undefined) this.#log.info('the store is well again');
    this.#trouble = trouble?.code;
  }
}
