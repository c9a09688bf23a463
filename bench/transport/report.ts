// What is printed: a table for people, or with `--json` one line for each case. What was left out is always said.

export class Report {
  readonly #json: boolean;

  constructor({ json }: { json: boolean }) {
    this.#json = json;
  }

  /** One measured case. */
  line(fields: Readonly<Record<string, unknown>>): void {
    if (this.#json) process.stdout.write(`${JSON.stringify(fields)}\n`);
  }

  /** One case that was not measured. */
  skipped(what: string, why: string): void {
    this.line({ skipped: what, why });
    if (!this.#json) process.stdout.write(`skipped: ${what}: ${why.replaceAll('\n', ' ')}\n`);
  }

  /** What is being done now; only where somebody watches. */
  progress(what: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${what}`);
  }

  /** The first row is the heading; the first column is text, the others are numbers. */
  table(title: string, rows: readonly (readonly string[])[]): void {
    if (this.#json) return;
    this.progress('');
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    const lines = rows.map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    );
    process.stdout.write(`\n${title}\n${lines.join('\n')}\n`);
  }
}

/** Three digits that count; a dash for nothing. */
export function short(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.min(digits, 3));
}
