// A manifest put together from parts that strangers send, in any order after the first. Each part is checked when it
// comes, so whoever sends a wrong one is known at once, and what others sent stays.

import { invariant } from '@shoal/machine';
import { type Decoded, refused } from './decoded.ts';
import { digestBytes, type HashSuite } from './hash.ts';
import { assembleDocument, documentBytesMax, type ManifestDocument } from './manifest-document.ts';
import type { ManifestEntry } from './manifest-entry.ts';
import { decodeHeader, type ManifestHeader, type ManifestProblem } from './manifest-header.ts';
import { openPart, type OpenedPart, partCountOf, runOfPart } from './manifest-parts.ts';
import { decodeChunkRun, decodeEntryRun } from './manifest-run.ts';
import { type SwarmId, swarmIdOf } from './swarm-id.ts';

export class ManifestAssembly {
  readonly #swarm: SwarmId;
  readonly #hashes: HashSuite;
  #header: Decoded<ManifestHeader, ManifestProblem> | undefined;
  #entryRuns: (readonly ManifestEntry[])[] = [];
  #digests = new Uint8Array(0);
  #sizes: Uint32Array | undefined;
  readonly #missing = new Set([0]);
  #bytes = 0;

  constructor(swarm: SwarmId, hashes: HashSuite) {
    this.#swarm = swarm;
    this.#hashes = hashes;
  }

  /** Parts not there yet, in order: only the first one is known of until it is there. */
  get missing(): ReadonlySet<number> {
    return this.#missing;
  }

  /** Size of all parts taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a missing part, the first one first; false when `bytes` are not that part: whoever sent them lies. */
  take(part: number, bytes: Uint8Array): boolean {
    invariant(this.#missing.has(part), 'only missing parts are taken');
    const opened = openPart(bytes);
    if (opened === undefined || !(part === 0 ? this.#takeHeader(opened.header) : opened.header.length === 0))
      return false;
    if (this.#header?.ok === true && !this.#takeRuns(this.#header.value, part, opened)) return false;
    this.#missing.delete(part);
    this.#bytes += bytes.length;
    if (this.#bytes > documentBytesMax) this.#refuse();
    return true;
  }

  /** The manifest, once nothing is missing; or what is wrong with it, which is nobody's fault but its maker's. */
  document(): Decoded<ManifestDocument, ManifestProblem> {
    invariant(this.#missing.size === 0 && this.#header !== undefined, 'a manifest is whole before it is used');
    if (!this.#header.ok) return this.#header;
    const chunks = { digests: this.#digests, sizes: this.#sizes };
    const lists = { entries: this.#entryRuns.flat(), chunks, areProven: true };
    return assembleDocument(this.#header.value, lists, this.#hashes);
  }

  /** Its maker listed more than anybody can be asked to keep: nothing more of it is wanted. */
  #refuse(): void {
    this.#header = refused('tooLarge', `the manifest has more than ${documentBytesMax} bytes`);
    this.#missing.clear();
    this.#entryRuns = [];
  }

  /** A right header stays, whatever becomes of the rest of its part. */
  #takeHeader(bytes: Uint8Array): boolean {
    if (swarmIdOf(bytes, this.#hashes) !== this.#swarm) return false;
    if (this.#header !== undefined) return true;
    this.#header = decodeHeader(bytes);
    if (!this.#header.ok) return true;
    const { chunkCount, chunking } = this.#header.value;
    this.#digests = new Uint8Array(chunkCount * digestBytes);
    if (chunking.kind === 'contentDefined') this.#sizes = new Uint32Array(chunkCount);
    for (let part = 1; part < partCountOf(this.#header.value); part += 1) this.#missing.add(part);
    return true;
  }

  #takeRuns(header: ManifestHeader, part: number, opened: OpenedPart): boolean {
    const entryRun = runOfPart(part, header.entryCount);
    const chunkRun = runOfPart(part, header.chunkCount);
    const entries = decodeEntryRun(header, entryRun, opened.entries, this.#hashes);
    const chunks = decodeChunkRun(header, chunkRun, opened.chunks, this.#hashes);
    if (entries === undefined || chunks === undefined) return false;
    this.#entryRuns[part] = entries.items;
    this.#digests.set(chunks.items.digests, chunkRun.from * digestBytes);
    if (chunks.items.sizes !== undefined) this.#sizes?.set(chunks.items.sizes, chunkRun.from);
    return true;
  }
}
