// Reads and writes a recording as it is saved: NDJSON, a header, then one happening a line. What is read may be anything:
// whatever comes out is well-formed and of a size that a page can hold, or it is said what is wrong with which line.

import { type Happening, type RecordingHeader, recordingVersion } from './happenings.ts';

export const recordingBytesMax = 512 * 1024 * 1024; // larger files are not even read
const chunksMax = 65_000; // as wide as a drawing can be
const cellsMax = 10_000_000; // peers times chunks: a picture of so many is 20 MB, and some are kept
const textLengthMax = 4_096; // of names and labels

export interface RecordingFile {
  readonly header: RecordingHeader;
  readonly happenings: readonly Happening[];
}

export type ReadRecording =
  | { readonly ok: true; readonly value: RecordingFile }
  /** `detail` goes on after the file's name: "is no recording …". */
  | { readonly ok: false; readonly detail: string };

export function parseRecording(text: string): ReadRecording {
  const lines = text.split('\n');
  const header = readHeader(parsed(lines[0] ?? ''));
  if (typeof header === 'string') return { ok: false, detail: header };
  const reader = new HappeningReader();
  const happenings: Happening[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue;
    const happening = reader.read(parsed(line));
    if (typeof happening !== 'string') happenings.push(happening);
    // A recorder that was killed leaves half a line at the end.
    else if (i < lines.length - 1) return { ok: false, detail: `${happening} (line ${i + 1})` };
  }
  return { ok: true, value: { header, happenings } };
}

/** The file's text in pieces, for a Blob. */
export const formatRecording = ({ header, happenings }: RecordingFile): string[] => [
  `${JSON.stringify(header)}\n`,
  ...happenings.map((happening) => `${JSON.stringify(happening)}\n`),
];

/** A happening if it is one, whatever it was; unknown fields are dropped with it. */
function readHappening(value: unknown): Happening | undefined {
  if (!isRecord(value) || typeof value['kind'] !== 'string' || !Object.hasOwn(shapes, value['kind'])) return undefined;
  const shape = { atMs: amount, ...shapes[value['kind'] as Happening['kind']] };
  const read: Record<string, unknown> = { kind: value['kind'] };
  for (const [name, isRight] of Object.entries(shape)) {
    const field = value[name];
    if (!isRight(field)) return undefined;
    if (field !== undefined) read[name] = field;
  }
  return read as unknown as Happening;
}

/** The header, or what is wrong with it. */
export function readHeader(header: unknown): RecordingHeader | string {
  if (!isRecord(header) || header['shoalRecording'] === undefined) return 'is no recording of shoal';
  if (header['shoalRecording'] !== recordingVersion)
    return `is a recording of another version (${JSON.stringify(header['shoalRecording'])}): open it with the shoal that made it`;
  const { title, source } = header;
  if (!text(title) || (source !== 'simulated' && source !== 'live'))
    return 'is no recording of shoal: its header is damaged';
  return { shoalRecording: recordingVersion, title: title as string, source };
}

/** Reads one after another: they go forward in time, are about one content, and of no more peers than fit. */
export class HappeningReader {
  #atMs = 0;
  #chunkCount = 0;
  readonly #peers = new Set<string>();

  /** The happening, or what is wrong with the recording it is of. */
  read(value: unknown): Happening | string {
    const happening = readHappening(value);
    if (happening === undefined) return 'is damaged: this is no happening';
    if (happening.atMs < this.#atMs) return 'is damaged: it goes back in time';
    if ('sinceMs' in happening && happening.sinceMs > happening.atMs)
      return 'is damaged: a chunk came before it was sent';
    this.#atMs = happening.atMs;
    if (happening.kind === 'content') this.#chunkCount = happening.chunkCount;
    for (const name of ['peer', 'remote', 'from'] as const) {
      const peer = (happening as { readonly [name in typeof name]?: string })[name];
      if (peer !== undefined) this.#peers.add(peer);
    }
    if (this.#chunkCount > chunksMax || this.#peers.size * this.#chunkCount > cellsMax)
      return 'is of too many peers and chunks to be shown';
    const held = happening.kind === 'came' ? (happening.held ?? []) : [];
    const last =
      'chunk' in happening ? happening.chunk : Math.max(-1, ...held.map(([first, count]) => first + count - 1));
    return last < this.#chunkCount ? happening : 'is damaged: it has a chunk that the content has not';
  }
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value.length <= textLengthMax;
const amount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const whole: Check = (value) => amount(value) && Number.isSafeInteger(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const role: Check = (value) => value === 'owner' || value === 'receiver' || value === 'liar';
const runs: Check = (value) =>
  Array.isArray(value) && value.every((run) => Array.isArray(run) && run.length === 2 && run.every(whole));
const shares: Check = (value) =>
  isRecord(value) &&
  Object.entries(value).length <= 64 &&
  Object.entries(value).every(([name, ms]) => text(name) && amount(ms));

/** Every field of every kind, besides `atMs`. */
const shapes: { readonly [kind in Happening['kind']]: Readonly<Record<string, Check>> } = {
  content: { name: text, chunkCount: whole, bytes: whole },
  came: {
    peer: text,
    role,
    label: text,
    upBytesPerSecond: optional(amount),
    downBytesPerSecond: optional(amount),
    held: optional(runs),
  },
  left: { peer: text },
  linked: { peer: text, remote: text },
  unlinked: { peer: text, remote: text },
  asked: { peer: text, from: text, chunk: whole },
  dropped: { peer: text, from: text, chunk: whole },
  held: { peer: text, chunk: whole, from: optional(text), sinceMs: optional(amount) },
  damaged: { peer: text, chunk: whole, from: text, sinceMs: optional(amount) },
  link: {
    peer: text,
    remote: text,
    upBytesPerSecond: amount,
    downBytesPerSecond: amount,
    cwndBytes: optional(amount),
    rttMs: optional(amount),
  },
  why: { peer: text, sharesMs: shares },
  completed: { peer: text },
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
