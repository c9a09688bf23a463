// The demo's closing report: who got how much from whom, how long it took, and how near that came to the bound.

import { formatTable } from '../text/table.ts';
import { formatBytes, formatDuration, formatRate, formatShare } from '../text/units.ts';

/** What one receiver did. */
export interface ReceiverResult {
  readonly name: string;
  /** Bytes got from each other by name. */
  readonly from: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
  /** Largest resident memory, bytes. */
  readonly memoryBytes: number;
  readonly sha256: string;
}

/** Everything the report says. */
export interface DemoResult {
  readonly content: { readonly name: string; readonly bytes: number; readonly files: number; readonly sha256: string };
  readonly receivers: readonly ReceiverResult[];
  readonly ownerMemoryBytes: number;
  /** Undefined when it was killed. */
  readonly trackerMemoryBytes: number | undefined;
  /** From the first receiver's start to the last one's end. */
  readonly elapsedMs: number;
  /** The fluid bound for the highest rates that the links were seen to carry; undefined when the run was too short to see. */
  readonly bound: { readonly ms: number; readonly ownerUp: number; readonly slowestDown: number } | undefined;
  /** Lines about what was done to the swarm on the way. */
  readonly incidents: readonly string[];
}

export const ownerName = 'owner';

/** True when every copy is what was shared. */
export const allRight = ({ content, receivers }: DemoResult): boolean =>
  receivers.every(({ sha256 }) => sha256 === content.sha256);

/** The report as text. */
export function formatReport(result: DemoResult): string {
  const { content, receivers, elapsedMs } = result;
  const files = content.files === 1 ? 'one file' : `${content.files} files`;
  return [
    `${content.name}: ${formatBytes(content.bytes)} in ${files}, to ${receivers.length} receivers`,
    '',
    formatTable(matrix(result)),
    '',
    ...result.incidents,
    ...copies(result),
    ...shares(result),
    `time        ${formatDuration(elapsedMs)}, all together ${formatRate((receivers.length * content.bytes * 1000) / elapsedMs)}`,
    ...boundLines(result),
    memoryLine(result),
  ].join('\n');
}

/** A row for each receiver, a column for each source; narrow enough for 80 columns with five receivers. */
function matrix({ receivers }: DemoResult): string[][] {
  const sources = [ownerName, ...receivers.map(({ name }) => name)];
  const heading = ['to \\ from', ...sources.map((source) => source.replace('receiver ', '')), 'time'];
  const rows = receivers.map(({ name, from, elapsedMs }) => [
    name,
    ...sources.map((source) => (source === name ? '·' : formatBytes(from.get(source) ?? 0))),
    formatDuration(elapsedMs),
  ]);
  const sums = sources.map((source) => formatBytes(sentBy(source, receivers)));
  return [heading, ...rows, ['sent in all', ...sums, '']];
}

const sentBy = (source: string, receivers: readonly ReceiverResult[]): number =>
  receivers.reduce((sum, { from }) => sum + (from.get(source) ?? 0), 0);

function copies(result: DemoResult): string[] {
  const { content, receivers } = result;
  const wrong = receivers.filter(({ sha256 }) => sha256 !== content.sha256);
  if (wrong.length === 0) return [`copies      all ${receivers.length} identical, sha256 ${content.sha256}`];
  return [
    `shared      sha256 ${content.sha256}`,
    ...wrong.map(({ name, sha256 }) => `WRONG COPY  ${name} sha256 ${sha256}`),
  ];
}

function shares({ content, receivers }: DemoResult): string[] {
  const fromOwner = sentBy(ownerName, receivers);
  const all = receivers.reduce((sum, { from }) => sum + [...from.values()].reduce((a, b) => a + b, 0), 0);
  if (all === 0 || content.bytes === 0) return [];
  const ownerShare = fromOwner / all;
  const ownerCopies = (fromOwner / content.bytes).toFixed(2);
  return [
    `sources     ${formatShare(1 - ownerShare)} from fellow receivers, ${formatShare(ownerShare)} from the owner, who sent ${ownerCopies} copies`,
  ];
}

function boundLines({ bound, elapsedMs }: DemoResult): string[] {
  if (bound === undefined) return ['bound       not known: the run was too short to see what the links can carry'];
  return [
    `bound       ${formatDuration(bound.ms)} for the peak rates seen; the run took ${(elapsedMs / bound.ms).toFixed(2)} times that`,
    `            (owner up ${formatRate(bound.ownerUp)}, slowest receiver down ${formatRate(bound.slowestDown)})`,
  ];
}

function memoryLine({ ownerMemoryBytes, trackerMemoryBytes, receivers }: DemoResult): string {
  const most = Math.max(...receivers.map(({ memoryBytes }) => memoryBytes));
  const parts = [`owner ${formatBytes(ownerMemoryBytes)}`, `receivers ${formatBytes(most)} each at most`];
  if (trackerMemoryBytes !== undefined) parts.splice(1, 0, `tracker ${formatBytes(trackerMemoryBytes)}`);
  return `memory      ${parts.join(', ')}`;
}
