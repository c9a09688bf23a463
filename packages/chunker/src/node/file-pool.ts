// Open files, a bounded number of them: the one used longest ago is closed when another is needed.

import { close } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);

/** Far below the 256 descriptors that macOS gives a process, shared with sockets. More are open only while in use. */
const openFilesMax = 64;

interface OpenFile {
  readonly fd: Promise<number>;
  users: number;
}

export class FilePool {
  readonly #open: (file: number) => Promise<number>;
  /** In the order of last use. */
  readonly #files = new Map<number, OpenFile>();

  /** `open` answers a descriptor for the file of an index; the pool closes it. */
  constructor(open: (file: number) => Promise<number>) {
    this.#open = open;
  }

  /** Calls `use` with an open descriptor of the file. */
  async use<T>(file: number, use: (fd: number) => Promise<T>): Promise<T> {
    const entry = this.#files.get(file) ?? { fd: this.#open(file), users: 0 };
    this.#files.delete(file);
    this.#files.set(file, entry);
    entry.users += 1;
    try {
      return await use(await this.#opened(file, entry));
    } finally {
      entry.users -= 1;
      await this.#closeOldest();
    }
  }

  /** Closes everything; nothing may be in use. */
  async closeAll(): Promise<void> {
    const entries = [...this.#files.values()];
    this.#files.clear();
    for (const entry of entries) await closeFile(await entry.fd);
  }

  async #opened(file: number, entry: OpenFile): Promise<number> {
    try {
      return await entry.fd;
    } catch (error) {
      if (this.#files.get(file) === entry) this.#files.delete(file); // so that the next use tries anew
      throw error;
    }
  }

  async #closeOldest(): Promise<void> {
    if (this.#files.size <= openFilesMax) return;
    for (const [file, entry] of this.#files) {
      if (entry.users > 0) continue;
      this.#files.delete(file);
      await closeFile(await entry.fd);
      return;
    }
  }
}
