// What may be chosen when a peer is opened, and when it shares or gets something.
// What is left out has the default told at it.

import type { ChunkStore, Chunking, ManifestDocument } from '@shoal/chunker';
import type { Address, Clock, LinkPort, Rng } from '@shoal/machine';
import type { SessionEvent } from '../events.ts';
import type { FixedNeighbours } from '../links/fixed-neighbours.ts';
import type { FileSelector } from '../picking/file-wishes.ts';
import type { PolicyName } from '../picking/picker.ts';
import type { RateLimits } from '../rate-limits.ts';

export interface OpenPeerOptions {
  /** Taken over: the peer is its one user, and closes it. */
  readonly links: LinkPort;
  /** Told about everything shared, and asked about everything wanted, besides the trackers of a ticket. */
  readonly trackers?: readonly Address[];
  /** The program's name and version, told to other peers. */
  readonly agent?: string;
  /** Bytes asked for and not yet on disk, over all transfers. Default 32 MiB. */
  readonly fetchBytesMax?: number;
  /** Bytes read and not yet sent, over all transfers. Default 32 MiB. */
  readonly giveBytesMax?: number;
  /** Over all transfers; each may have its own besides. */
  readonly limits?: RateLimits;
  /**
   * Finds peers of the same local network by multicast and is found by them, in swarms without fixed neighbours. Default
   * true; without effect where links are bound to loopback, but for a group of one's own.
   */
  readonly discovery?: boolean | { readonly group: Address };
  /** Told of everything that happens; must not throw. */
  readonly onEvent?: (event: SessionEvent) => void;
  readonly rng?: Rng;
  readonly clock?: Clock;
}

export interface ShareOptions {
  /** The file or folder. */
  readonly path: string;
  /** Content-defined chunks let who has an older version fetch only what changed. Default: of one size. */
  readonly chunking?: Chunking['kind'];
  /** Wanted chunk size in bytes. */
  readonly chunkBytes?: number;
  /** Put into the ticket, for when no tracker answers. Default: where we are reached. */
  readonly peers?: readonly Address[];
  /** Of this share alone. */
  readonly limits?: RateLimits;
  /** Nothing is handed out before so many receivers are there at once, so that each gets another part. Default 1. */
  readonly receivers?: number;
  /** Whoever asks this peer for a file list, as `askTracker` does, is told of it. Default false. */
  readonly listed?: boolean;
  readonly onHashed?: (hashedBytes: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface GetOptions {
  /** The final path of the file or folder. Default: the ticket's name, in the working folder. */
  readonly destination?: string;
  /**
   * True takes what is at the destination for an older version: only what changed is fetched, and when all is complete the
   * new version takes its place. Default false: then nothing may be there.
   */
  readonly update?: boolean;
  /** Serve on when it is finished, until closed. Default false. */
  readonly seed?: boolean;
  /** False throws away what an earlier try left. Default true. */
  readonly resume?: boolean;
  /** Verify all of it again (`full`), or what changed since it was closed (`changed`). Default `changed`. */
  readonly check?: 'changed' | 'full';
  /**
   * Only these files, which may be changed by `Transfer.select`. It is done when they are there; no others are made. Chunks at
   * their borders bring bytes of others, which are thrown away at the end. Default: all.
   */
  readonly select?: FileSelector;
  /** Which chunk next. Default: `rarestFirst`. */
  readonly policy?: PolicyName;
  /**
   * Only these peers are asked, and only those served, by the addresses where they are reached: a ring without trackers.
   * Trackers, and peers of the ticket, are left alone. Default: everybody who can be found.
   */
  readonly neighbours?: FixedNeighbours;
  /**
   * How long it stays at most, when it is finished and not to `seed`, while others lack something that nobody else has. It
   * does not stay for those who can have all from an owner. Default 5,000.
   */
  readonly lingerMs?: number;
  /** Of this transfer alone. */
  readonly limits?: RateLimits;
  /** As of a share. Default false. */
  readonly listed?: boolean;
  /** Opens where chunks are kept, instead of the file or folder itself at `destination`: `openChunkFolder`, say. */
  readonly store?: (document: ManifestDocument) => Promise<ChunkStore>;
  /** When it is not finished by then, it fails with `timedOut`. Default: it waits for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
