// What this user's transfers are doing and have done: a small file for each, so that another terminal can ask for it while
// they run and afterwards. Losing it costs nothing but an answer of `shoal why`.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HoldupShares } from '@shoal/peer';
import type { TransferProgress } from '@shoal/peer/node';
import { stateFolder } from './folders.ts';

const entriesMax = 50; // older ones are forgotten
const everyMs = 1_000;

export interface LogEntry {
  readonly swarm: string;
  readonly name: string;
  /** When it was written, in ms since 1970. */
  readonly at: number;
  readonly state: TransferProgress['state'];
  readonly heldBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
  readonly holdups: HoldupShares;
}

const folder = (): string => join(stateFolder(), 'transfers');

/** One transfer's page. A folder that cannot be written to is no reason to stop a transfer. */
export class Logbook {
  #writtenAt = 0;
  #canWrite = true;

  /** Not more often than once a second, unless it is the `last` time. */
  note(progress: TransferProgress, last = false): void {
    const at = Date.now();
    if (!this.#canWrite || (!last && at - this.#writtenAt < everyMs)) return;
    this.#writtenAt = at;
    const { swarm, name, state, heldBytes, totalBytes, elapsedMs, holdups } = progress;
    const entry: LogEntry = { swarm, name, at, state, heldBytes, totalBytes, elapsedMs, holdups };
    try {
      mkdirSync(folder(), { recursive: true, mode: 0o700 });
      const path = join(folder(), `${swarm}.json`);
      writeFileSync(`${path}.${process.pid}`, JSON.stringify(entry), { mode: 0o600 });
      renameSync(`${path}.${process.pid}`, path);
      if (last) for (const { swarm: old } of readLogbook().slice(entriesMax)) rmSync(join(folder(), `${old}.json`));
    } catch {
      this.#canWrite = false;
    }
  }
}

/** All pages, the newest first. */
export function readLogbook(): LogEntry[] {
  return files()
    .flatMap((file) => readEntry(join(folder(), file)) ?? [])
    .toSorted((a, b) => b.at - a.at);
}

function files(): string[] {
  try {
    return readdirSync(folder()).filter((file) => /^[0-9a-f]{64}\.json$/.test(file));
  } catch {
    return []; // nothing was ever fetched
  }
}

/** Undefined when somebody has spoiled the page. */
function readEntry(path: string): LogEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(path, 'utf8')) as LogEntry;
    return typeof entry.at === 'number' && typeof entry.name === 'string' && typeof entry.holdups === 'object'
      ? entry
      : undefined;
  } catch {
    return undefined;
  }
}
