// Open files, a bounded number of them: the one used longest ago is closed when another is needed.

import { close, constants, fdatasync, ftruncate, open } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);
const openFile = promisify(open);
const truncateFile = promisify(ftruncate);
const syncFile = promisify(fdatasync);

/** Far below the 256 descriptors that macOS gives a process, shared with sockets. More are open only while in use. */
const openFilesMax = 64;

interface OpenFile {
  readonly fd: Promise<number>;
  users: number;
  /** Forgotten while somebody used it: closed by its last user. */
  retired: boolean;
}

/** Opens the file of this index; the pool closes it. */
export type FileOpener = (file: number) => Promise<number>;

export class FilePool {
  readonly #open: FileOpener;
  /** In the order of last use. */
  readonly #files = new Map<number, OpenFile>();

  constructor(open: FileOpener) {
    this.#open = open;
  }

  /** Calls `use` with an open descriptor of the file. */
  async use<T>(file: number, use: (fd: number) => Promise<T>): Promise<T> {
    const entry = this.#files.get(file) ?? { fd: this.#open(file), users: 0, retired: false };
    this.#files.delete(file);
    this.#files.set(file, entry);
    entry.users += 1;
    try {
      return await use(await this.#opened(file, entry));
    } finally {
      entry.users -= 1;
      if (entry.retired && entry.users === 0) await this.#close(entry);
      else await this.#closeOldest();
    }
  }

  /** Closes everything that is not in use now; the rest is closed when its users are done. */
  async closeAll(): Promise<void> {
    const entries = [...this.#files.values()];
    this.#files.clear();
    for (const entry of entries) {
      entry.retired = true;
      if (entry.users === 0) await this.#close(entry);
    }
  }

  async #opened(file: number, entry: OpenFile): Promise<number> {
    try {
      return await entry.fd;
    } catch (error) {
      if (this.#files.get(file) === entry) this.#files.delete(file); // so that the next use opens it anew
      entry.retired = false;
      throw error;
    }
  }

  async #closeOldest(): Promise<void> {
    if (this.#files.size <= openFilesMax) return;
    for (const [file, entry] of this.#files) {
      if (entry.users > 0) continue;
      this.#files.delete(file);
      await this.#close(entry);
      return;
    }
  }

  async #close(entry: OpenFile): Promise<void> {
    await closeFile(await entry.fd);
  }
}

// A link planted under the name of a content file must not lead the writing elsewhere.
const noFollow = constants.O_NOFOLLOW ?? 0; // absent on Windows

/** Opens a file to read. */
export const openToRead = (path: string): Promise<number> => openFile(path, constants.O_RDONLY);

/** Opens or makes a file of exactly this size, to read and write. */
export async function openToWrite(path: string, bytes: number, mode: number): Promise<number> {
  const fd = await openFile(path, constants.O_RDWR | constants.O_CREAT | noFollow, mode);
  try {
    await truncateFile(fd, bytes);
    return fd;
  } catch (error) {
    await closeFile(fd);
    throw error;
  }
}

/** Waits until what was written is on the disk itself. */
export async function syncPath(path: string): Promise<void> {
  const fd = await openToRead(path);
  try {
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
}
