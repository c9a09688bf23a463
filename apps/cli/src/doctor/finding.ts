// What `shoal doctor` found out about one thing: how it stands, in words for people and in values for scripts.

/** `ok`; `slow` works but could do better; `bad` keeps something from working; `unknown` cannot be told from here. */
export type Standing = 'ok' | 'slow' | 'bad' | 'unknown';

export interface Finding {
  readonly what: string;
  readonly standing: Standing;
  readonly words: string;
  /** What to type or do, to better it. */
  readonly advice?: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** One line each, and what to do about it below. */
export function formatFindings(findings: readonly Finding[]): string {
  const column = Math.max(...findings.map(({ what }) => what.length)) + 2;
  const lines = findings.flatMap(({ what, standing, words, advice }) => [
    `${standing.padEnd(9)}${what.padEnd(column)}${words}`,
    ...(advice === undefined ? [] : [`${' '.repeat(9 + column)}-> ${advice}`]),
  ]);
  return lines.join('\n');
}
