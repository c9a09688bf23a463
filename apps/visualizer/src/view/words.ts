// Numbers as people read them.

export const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 9_995 ? 2 : 1)} s`;

export const inPercent = (part: number): string => `${Math.round(part * 100)} %`;

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

export function inBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit += 1) value /= 1_000;
  return `${value >= 99.5 || unit === 0 ? value.toFixed(0) : value.toPrecision(3)} ${units[unit]}`;
}

export const inRate = (bytesPerSecond: number): string => `${inBytes(bytesPerSecond)}/s`;
