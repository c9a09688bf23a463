// What is shown of a running swarm: its recording, the page that follows it, the file it is saved in.

import { type FileHandle, open } from 'node:fs/promises';
import { ShoalError } from '@shoal/machine';
import { recordingVersion } from '@shoal/visualizer';
import type { Context } from '../run.ts';
import { every } from '../ticks.ts';
import { openBrowser } from './browser.ts';
import { type LiveServer, openLiveServer } from './live-server.ts';
import { findPage } from './page.ts';
import { Recording, type RecordingOptions } from './recording.ts';

export const tickMs = 200; // how often what is new is told
const browserStartMs = 10_000; // a browser that was started for a transfer that is over already has so long to come

export interface ShowOptions extends Pick<RecordingOptions, 'lagMs' | 'nameOf'> {
  readonly view?: boolean;
  /** The file to save it in. */
  readonly record?: string;
  /** Whether a browser may be started. */
  readonly open: boolean;
  readonly title: string;
  readonly context: Context;
}

export interface Show extends AsyncDisposable {
  readonly recording: Recording;
}

/** Milliseconds since 1970 that never go back: the same for all processes of a machine. */
export const clockMs = (): number => performance.timeOrigin + performance.now();

export async function openShow(options: ShowOptions): Promise<Show> {
  const { view = false, record, open, title, context, ...naming } = options;
  const page = view ? await findPage(context.output) : undefined;
  const file = record === undefined ? undefined : await openFile(record);
  const header = { shoalRecording: recordingVersion, title, source: 'live' } as const;
  const saved = file && new SavedLines(file);
  const recording = new Recording({
    header,
    ...naming,
    ...(saved && { save: (text) => saved.add(text) }),
  });
  const server = page === undefined ? undefined : await openLiveServer({ recording, page });
  const isOpening = server !== undefined && show(server.url, open, context);
  const ticking = every(tickMs, () => {
    recording.tick(clockMs());
    void saved?.flush();
  });
  return {
    recording,
    async [Symbol.asyncDispose]() {
      ticking[Symbol.dispose]();
      recording.end(clockMs());
      await saved?.close();
      if (isOpening) await watchedOrLate(server, context);
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** Tells the address, and starts a browser where somebody sits before one. Whether it did. */
export function show(url: string, mayOpen: boolean, { output }: Context): boolean {
  output.event({ event: 'view', url });
  output.say(`to be seen at ${url}`);
  return mayOpen && !output.json && openBrowser(url);
}

async function watchedOrLate({ watched }: LiveServer, { interrupt }: Context): Promise<void> {
  const late = AbortSignal.any([interrupt.signal, AbortSignal.timeout(browserStartMs)]);
  if (late.aborted) return;
  await Promise.race([watched, new Promise((resolve) => late.addEventListener('abort', resolve, { once: true }))]);
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new ShoalError('exists', `--record: ${path} exists: name another file`, { cause });
    if (code === 'ENOENT')
      throw new ShoalError('notFound', `--record: ${path} is in a folder that does not exist`, { cause });
    throw new ShoalError('permissionDenied', `--record: ${path} cannot be written (${code})`, { cause });
  }
}

/** Lines on their way to a file, one write at a time. */
class SavedLines {
  readonly #file: FileHandle;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #trouble: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  add(text: string): void {
    if (this.#trouble === undefined) this.#waiting.push(`${text}\n`);
  }

  async flush(): Promise<void> {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#writing = this.#writing
      .then(() => this.#file.appendFile(text))
      .catch((error: unknown) => {
        this.#trouble ??= error;
      });
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
    if (this.#trouble !== undefined)
      throw new ShoalError('diskFailed', `the recording is not complete (${(this.#trouble as Error).message})`, {
        cause: this.#trouble,
      });
  }
}
