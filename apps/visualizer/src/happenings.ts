// What the picture is drawn from: one list of happenings, in the order of their time, whether a simulated swarm or a real one
// made it. A recording is that list; the state at any moment is the fold of all that came before it.

/** Version of the recording format; a page refuses another. */
export const recordingVersion = 1;

/** What a peer is here for. */
export type Role = 'owner' | 'receiver' | 'liar';

/**
 * One thing that happened. `atMs` counts from the start of the recording; peers are short names, unique within it. A second
 * `content` is a new version: nobody is there, and nobody holds any of it, until it is said.
 */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'content'; readonly name: string; readonly chunkCount: number; readonly bytes: number }
  /** A peer has come. Rates in bytes a second where they are known; held: runs of chunks it has already, [first, count]. */
  | {
      readonly kind: 'came';
      readonly peer: string;
      readonly role: Role;
      readonly label: string;
      readonly upBytesPerSecond?: number;
      readonly downBytesPerSecond?: number;
      readonly held?: readonly (readonly [number, number])[];
    }
  | { readonly kind: 'left'; readonly peer: string }
  | { readonly kind: 'linked'; readonly peer: string; readonly remote: string }
  | { readonly kind: 'unlinked'; readonly peer: string; readonly remote: string }
  /** A chunk has been asked for: from now until `held` (or `dropped`) it is under way. */
  | { readonly kind: 'asked'; readonly peer: string; readonly from: string; readonly chunk: number }
  | { readonly kind: 'dropped'; readonly peer: string; readonly from: string; readonly chunk: number }
  /**
   * Verified and stored. `from` is missing where it is not known (a remote said that it has the chunk), and so is the moment
   * since which it was sent.
   */
  | {
      readonly kind: 'held';
      readonly peer: string;
      readonly chunk: number;
      readonly from?: string;
      readonly sinceMs?: number;
    }
  | {
      readonly kind: 'damaged';
      readonly peer: string;
      readonly chunk: number;
      readonly from: string;
      readonly sinceMs?: number;
    }
  /** How a link of `peer` is doing, a few times a second: bytes a second, congestion window in bytes, round trip in ms. */
  | {
      readonly kind: 'link';
      readonly peer: string;
      readonly remote: string;
      readonly upBytesPerSecond: number;
      readonly downBytesPerSecond: number;
      readonly cwndBytes?: number;
      readonly rttMs?: number;
    }
  /** What the time of `peer` went to so far, ms by reason: adds up to the elapsed time. */
  | { readonly kind: 'why'; readonly peer: string; readonly sharesMs: Readonly<Record<string, number>> }
  | { readonly kind: 'completed'; readonly peer: string }
);

/** A recording as it is saved: NDJSON, this header first, then one happening a line. */
export interface RecordingHeader {
  readonly shoalRecording: typeof recordingVersion;
  readonly title: string;
  readonly source: 'simulated' | 'live';
}
