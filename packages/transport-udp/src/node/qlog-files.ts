// Writes a qlog file for each connection into a directory, as things happen: `<group>-client.sqlog` where we dialled,
// `<group>-server.sqlog` at the other end. Strangers that never get through the handshake leave no file.

import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';
import { ShoalError } from '@shoal/machine';
import { type ConnectionStarted, qlogBeginning, qlogNote, qlogRecords } from '../events/qlog.ts';
import type { PacketEvent, TransportEvent } from '../events/transport-event.ts';

/** Text on its way to the disk; beyond it events are left out, and counted. */
const waitingBytesMax = 16 * 2 ** 20;

export class QlogFiles {
  readonly #directory: string;
  readonly #files = new Map<string, QlogFile>();
  readonly #ending = new Set<Promise<void>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes the directory if there is none. Fails with ShoalError `permissionDenied` or `diskFailed`. */
  static async open(directory: string): Promise<QlogFiles> {
    try {
      await mkdir(directory, { recursive: true });
    } catch (error) {
      const denied = (error as NodeJS.ErrnoException).code === 'EACCES';
      throw new ShoalError(
        denied ? 'permissionDenied' : 'diskFailed',
        `${directory} cannot be made: give qlog a directory that may be written`,
        { cause: error },
      );
    }
    return new QlogFiles(directory);
  }

  note(event: TransportEvent | PacketEvent): void {
    if (event.type === 'connectionStarted') this.#files.set(event.connection, new QlogFile(this.#directory, event));
    const file = this.#files.get(event.connection);
    file?.note(event);
    if (event.type === 'connectionForgotten') this.#end(event.connection);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    for (const connection of this.#files.keys()) this.#end(connection);
    await Promise.all(this.#ending);
  }

  #end(connection: string): void {
    const ending = this.#files.get(connection)?.end();
    this.#files.delete(connection);
    if (ending === undefined) return;
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }
}

class QlogFile {
  readonly #path: string;
  readonly #started: ConnectionStarted;
  /** From before the file is made. */
  #early: string;
  #out: WriteStream | undefined;
  #leftOut = 0;

  constructor(directory: string, started: ConnectionStarted) {
    this.#path = join(directory, `${started.group}-${started.dialler ? 'client' : 'server'}.sqlog`);
    this.#started = started;
    this.#early = qlogBeginning(started, performance.timeOrigin);
  }

  note(event: TransportEvent | PacketEvent): void {
    if (this.#out === undefined && (this.#started.dialler || event.type === 'connectionOpened')) this.#make();
    if (this.#out !== undefined && this.#out.writableLength > waitingBytesMax) this.#leftOut += 1;
    else this.#write(qlogRecords(event, this.#started.at));
  }

  /** Undefined when there is no file. */
  end(): Promise<void> | undefined {
    const out = this.#out;
    const time = performance.now() - this.#started.at;
    if (out === undefined) return undefined;
    if (this.#leftOut > 0) out.write(qlogNote(`${this.#leftOut} events are left out: the disk was too slow`, time));
    out.end();
    return finished(out).catch(() => undefined); // warned of already
  }

  #make(): void {
    // Whoever dials chooses the group: a name that is taken stays what it is.
    this.#out = createWriteStream(this.#path, { flags: 'wx' });
    this.#out.on('error', (error) => process.emitWarning(`no further qlog of this connection: ${error.message}`));
    this.#out.write(this.#early);
    this.#early = '';
  }

  #write(text: string): void {
    if (this.#out === undefined) this.#early += text;
    else this.#out.write(text);
  }
}
