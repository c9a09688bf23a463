// What a process has used, as Linux tells: the same for a tracker in C as for one on Node.

import { readFileSync } from 'node:fs';

const ticksPerSecond = 100; // of every Linux there is, whatever the kernel's own clock

/** CPU time of all threads of the process since it began. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Memory of its own, in MB. */
export function anonymousMB(pid: number): number {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
  return (Number(kibibytes) * 1_024) / 10 ** 6;
}
