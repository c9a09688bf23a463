// The hidden folder beside a destination in which its content grows. It holds `content`, the map of chunks had (`have`),
// the `document` they belong to, how all was left when it was `closed`, while somebody works on it a `lock`, and while an
// older version is replaced that one (`older`).

import type { Stats } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesEqual, ShoalError } from '@shoal/machine';
import type { HashSuite } from '../hash.ts';
import { decodeDocument, encodeDocument, type ManifestDocument } from '../manifest-document.ts';
import { showName } from '../safe-path.ts';
import { diskError, errno } from './disk-errors.ts';
import { takeLock } from './partial-lock.ts';
import { partialPath } from './partial-name.ts';

export class PartialFolder {
  readonly path: string;
  readonly contentPath: string;
  readonly havePath: string;
  readonly notePath: string;
  readonly #documentPath: string;
  readonly #draftPath: string;
  readonly #destination: string;
  readonly #olderPath: string;
  readonly #releaseLock: () => void;

  private constructor(destination: string) {
    const path = partialPath(destination);
    this.path = path;
    this.#destination = destination;
    this.#olderPath = join(path, 'older');
    this.contentPath = join(path, 'content');
    this.havePath = join(path, 'have');
    this.notePath = join(path, 'closed');
    this.#documentPath = join(path, 'document');
    this.#draftPath = join(path, 'document.new');
    this.#releaseLock = takeLock(join(path, 'lock'));
  }

  /**
   * Makes or takes over the folder for `destination`, an absolute path; without a document, to begin anew. Fails with a
   * ShoalError: `storeBusy`, `exists` when it holds other content, `notFound` when there is no folder to make it in, and
   * what the disk says.
   */
  static async open(
    destination: string,
    document: ManifestDocument | undefined,
    hashes: HashSuite,
  ): Promise<PartialFolder> {
    const path = partialPath(destination);
    let isNew = false;
    let folder: PartialFolder | undefined;
    try {
      isNew = await makeFolder(path);
      folder = new PartialFolder(destination);
      await folder.putBack();
      await folder.#claim(document, hashes);
      return folder;
    } catch (error) {
      if (isNew) await (folder?.remove() ?? removeIfEmpty(path));
      else if (folder !== undefined) folder.#releaseLock();
      throw diskError(error, 'cannot download to', destination);
    }
  }

  /** Moves an older version away from the destination. */
  async setAside(): Promise<void> {
    if ((await exists(this.#destination)) !== undefined) await rename(this.#destination, this.#olderPath);
  }

  /** Undoes that, unless the new version has taken the place already. */
  async putBack(): Promise<void> {
    if ((await exists(this.#olderPath)) === undefined) return;
    if ((await exists(this.#destination)) === undefined) await rename(this.#olderPath, this.#destination);
    else await rm(this.#olderPath, { force: true, recursive: true });
  }

  /** Throws away what is there of the content. */
  async clear(): Promise<void> {
    await rm(this.notePath, { force: true });
    await rm(this.havePath, { force: true });
    await rm(this.contentPath, { force: true, recursive: true });
  }

  /** Lets others go on with it; one with nothing of the content in it is taken away. */
  async leave(): Promise<void> {
    if (await exists(this.contentPath)) this.#releaseLock();
    else await this.remove();
  }

  /** Takes the folder itself away, with all that was ever put there. */
  async remove(): Promise<void> {
    await this.clear();
    await this.putBack();
    await rm(this.#documentPath, { force: true });
    await rm(this.#draftPath, { force: true });
    // Left by processes that were killed while they took the lock.
    const drafts = (await readdir(this.path)).filter((name) => name.startsWith('lock.'));
    for (const name of drafts) await rm(join(this.path, name), { force: true });
    this.#releaseLock();
    await removeIfEmpty(this.path);
  }

  async #claim(document: ManifestDocument | undefined, hashes: HashSuite): Promise<void> {
    const found = await readIfThere(this.#documentPath);
    const bytes = document && encodeDocument(document);
    if (found !== undefined && bytes !== undefined && bytesEqual(found, bytes)) return;
    // A document that cannot be read was cut off by a crash: nothing below it can be trusted.
    if (found !== undefined && decodeDocument(found, { hashes }).ok)
      throw new ShoalError(
        'exists',
        `${showName(this.path)} holds an unfinished download of something else: remove it, or choose another destination`,
      );
    await this.clear();
    if (bytes === undefined) return;
    await writeFile(this.#draftPath, bytes);
    await rename(this.#draftPath, this.#documentPath);
  }
}

/** Removes a folder unless there is something in it. */
export async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (errno(error) !== 'ENOTEMPTY' && errno(error) !== 'EEXIST' && errno(error) !== 'ENOENT') throw error;
  }
}

/** Makes a folder; false when somebody made it just before. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errno(error) === 'EEXIST') return false;
    throw error;
  }
}

/** What lies at a path, a link itself and not what it leads to; undefined when nothing does. */
export async function exists(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}
