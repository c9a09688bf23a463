// One transfer from its beginning to its end, whichever of the many ends it takes: finished, failed, timed out, aborted,
// closed by the caller. The first one wins; everything that was set up for it is taken down once.

import type { ManifestDocument, Ticket } from '@shoal/chunker';
import type { SkippedEntry } from '@shoal/chunker/node';
import { ShoalError } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import type { SessionEvent } from '../events.ts';
import type { Priority, PrioritySpan } from '../picking/demand.ts';
import type { FileSelector, FileWishes } from '../picking/file-wishes.ts';
import type { SwarmPicture } from '../picture.ts';
import type { SwarmReport } from '../tally.ts';
import { FileReaders, type FileReadersOptions } from './file-readers.ts';
import { EventStream } from './event-stream.ts';
import type { Share, Transfer, TransferFile, TransferEvent, TransferProgress, TransferReport } from './transfer.ts';

export interface RunningTransferOptions {
  readonly ticket: Ticket;
  readonly destination: string;
  readonly wishes: FileWishes;
  /** Tells the swarm what is wanted. */
  readonly want: (spans: readonly PrioritySpan[]) => void;
  /** Takes the manifest, and nothing else is wanted: there is no store, and the caller ends it. */
  readonly onDocument?: ((document: ManifestDocument) => void) | undefined;
  /** Go on after it is finished. */
  readonly seed: boolean;
  /** For those who read while it arrives. */
  readonly readers: Pick<FileReadersOptions, 'place' | 'read'>;
  /** Whether all that is wanted is there. */
  readonly isFinishing: () => boolean;
  /** Undefined once the swarm was left. */
  readonly report: () => SwarmReport | undefined;
  /** Undefined while there is none, and once the swarm was left. */
  readonly picture: () => SwarmPicture | undefined;
  /** What last went wrong in the store. */
  readonly trouble: () => ShoalError | undefined;
  /** Asks for the event `mayLeave`. */
  readonly wishToLeave: () => void;
  /** Leaves the swarm; settles when its files are closed. */
  readonly leave: () => Promise<void>;
}

export class RunningTransfer implements Transfer {
  readonly swarm: SwarmId;
  readonly ticket: Ticket;
  readonly destination: string;
  readonly done: Promise<TransferReport>;
  readonly #options: RunningTransferOptions;
  readonly #readers: FileReaders;
  #document: ManifestDocument | undefined;
  readonly #events = new EventStream<TransferEvent>();
  readonly #settle = Promise.withResolvers<TransferReport>();
  readonly #atEnd: (() => void)[] = [];
  #state: TransferProgress['state'] = 'finding';
  #lastReport: SwarmReport | undefined;
  #ending: Promise<void> | undefined;
  /** Success, when it is finished and stays only for others. */
  #succeed: (() => void) | undefined;

  constructor(options: RunningTransferOptions) {
    this.#options = options;
    this.swarm = options.ticket.swarmId;
    this.ticket = options.ticket;
    this.destination = options.destination;
    this.#readers = new FileReaders({
      ...options.readers,
      isWanted: (path) => options.wishes.only?.(path) ?? true,
      include: (path) => this.#include(path),
    });
    this.done = this.#settle.promise;
    this.done.catch(() => undefined); // whoever does not wait for it is not to crash; whoever does gets the error
  }

  get events(): AsyncIterable<TransferEvent> {
    return this.#events;
  }

  progress(): TransferProgress {
    this.#lastReport = this.#options.report() ?? this.#lastReport;
    return { ...(this.#lastReport ?? emptyReport), swarm: this.swarm, name: this.ticket.name, state: this.#state };
  }

  picture(): SwarmPicture | undefined {
    return this.#options.picture();
  }

  select(files: FileSelector): void {
    this.#wish((wishes) => wishes.select(files));
  }

  prioritise(files: FileSelector, priority: Exclude<Priority, 'unwanted'>): void {
    this.#wish((wishes) => wishes.prioritise(files, priority));
  }

  file(path?: string): TransferFile {
    return { path, stream: (options = {}) => this.#readers.open(path, options) };
  }

  /** The manifest is there. False when nothing of it is wanted: that was the end. */
  know(document: ManifestDocument): boolean {
    const { wishes, want, onDocument } = this.#options;
    this.#document = document;
    if (onDocument !== undefined) {
      onDocument(document);
      return false;
    }
    if (wishes.know(document)) want(wishes.spans()!);
    else this.fail(new ShoalError('notFound', `${this.ticket.name} has none of the files selected`));
    return this.#ending === undefined;
  }

  handle(event: SessionEvent): void {
    this.#events.push(event);
    if (event.type === 'storeReady') this.#opened();
    if (event.type === 'chunkHeld') this.#readers.ring();
    if (event.type === 'completed') this.#finished();
    if (event.type === 'mayLeave' && this.#succeed !== undefined) this.#end(this.#succeed);
    if (event.type === 'failed')
      this.fail(this.#options.trouble() ?? new ShoalError(event.code, event.detail ?? 'the transfer failed'));
  }

  /** Ends it, without success unless it is finished. `done` fails when its files are closed, so that it can be begun again at once. */
  fail(error: ShoalError): void {
    this.#readers.fail(error);
    this.#end(this.#succeed ?? (() => this.#settle.reject(error)));
  }

  timeOut(timeoutMs: number): void {
    if (this.#state === 'finished') return;
    const { heldBytes, totalBytes } = this.progress();
    const far = totalBytes === 0 ? 'nobody had it' : `${heldBytes} of ${totalBytes} bytes are here`;
    this.fail(
      new ShoalError(
        'timedOut',
        `${this.ticket.name} is not finished after ${timeoutMs} ms (${far}): get it again to go on where it stopped`,
      ),
    );
  }

  /** Ends it when the signal says so. */
  abortWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = (): void =>
      this.fail(
        new ShoalError('aborted', `stopped by the caller: get ${this.ticket.name} again to go on where it stopped`, {
          cause: signal.reason,
        }),
      );
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    this.onEnd(() => signal.removeEventListener('abort', abort));
  }

  /** Something to be undone at the end, whatever end that is. */
  onEnd(act: () => void): void {
    this.#atEnd.push(act);
  }

  close(): Promise<void> {
    this.fail(new ShoalError('aborted', `${this.ticket.name} was closed before it was finished`));
    return this.#ending!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The same as seen by who shares it. */
  asShare({ manifest, layout }: ManifestDocument, ticket: string, skipped: readonly SkippedEntry[]): Share {
    this.#state = 'finished';
    return {
      swarm: this.swarm,
      ticket,
      name: manifest.name,
      bytes: layout.totalBytes,
      chunkCount: layout.chunkCount,
      fileCount: manifest.files.length,
      skipped,
      events: this.#events,
      progress: () => this.progress(),
      picture: () => this.picture(),
      close: () => this.close(),
      [Symbol.asyncDispose]: () => this.close(),
    };
  }

  #opened(): void {
    this.#state = 'fetching';
    if (this.#document !== undefined) this.#readers.ready(this.#document);
  }

  #include(path: string): void {
    if (this.#options.wishes.only?.(path) === false) this.#wish((wishes) => wishes.include(path));
  }

  /** What is wanted can change until it is there. */
  #wish(wish: (wishes: FileWishes) => void): void {
    const { isFinishing, wishes, want } = this.#options;
    if (isFinishing() || this.#state === 'ended')
      throw new ShoalError('refused', `${this.ticket.name} is complete as selected: get it anew, with update`);
    wish(wishes);
    const spans = wishes.spans();
    if (spans !== undefined) want(spans);
  }

  #finished(): void {
    this.#state = 'finished';
    this.#readers.finished(this.destination);
    const { swarm, destination } = this;
    const report = { ...this.#options.report()!, swarm, name: this.ticket.name, destination };
    const resolve = (): void => this.#settle.resolve(report);
    if (this.#options.seed) return resolve();
    this.#succeed = resolve; // when the files are closed and the swarm is left: whoever waits may exit at once
    this.#options.wishToLeave();
  }

  /** Takes everything down, then settles; only the first time. */
  #end(settle: () => void): void {
    this.#ending ??= this.#takeDown().then(settle, (error: unknown) => this.#settle.reject(error));
  }

  async #takeDown(): Promise<void> {
    this.progress(); // the last one stays to be read
    this.#state = 'ended';
    for (const act of this.#atEnd) act();
    await this.#options.leave();
    this.#events.end();
  }
}

const emptyReport: SwarmReport = {
  totalBytes: 0,
  chunkCount: 0,
  wantedBytes: 0,
  missingBytes: 0,
  heldBytes: 0,
  heldChunks: 0,
  resumedBytes: 0,
  receivedBytes: 0,
  sentBytes: 0,
  wastedBytes: 0,
  duplicateChunks: 0,
  damagedChunks: 0,
  receivedBytesPerSecond: 0,
  sentBytesPerSecond: 0,
  elapsedMs: 0,
  holdups: {},
  remoteCount: 0,
  remotes: [],
};
