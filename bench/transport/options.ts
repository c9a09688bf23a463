// The command line's values, checked: a typing mistake must not look like a measurement.

/** The names in a comma-separated list, or all there are. */
export function chosen(option: string, list: string | undefined, all: readonly string[]): string[] {
  const names = list === undefined ? [...all] : list.split(',');
  for (const name of names) if (!all.includes(name)) refuse(option, `has no ${name}; there are: ${all.join(', ')}`);
  return names;
}

/** A number above zero. */
export function positive(option: string, value: string): number {
  const number = Number(value);
  if (!(number > 0 && number < Infinity)) refuse(option, `must be a number above 0, not ${value}`);
  return number;
}

function refuse(option: string, why: string): never {
  process.stderr.write(`--${option} ${why}\n`);
  return process.exit(2);
}
