// One measurement: a fresh process that does one thing, with its time and its peak of memory. Programs of ours also say
// how long the call alone took, which is what a program that is running already would wait.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string | undefined;
  /** Its last line is JSON with figures of its own. */
  readonly tellsFigures?: boolean;
}

export interface ProcessFigures {
  /** From its start to its end. */
  readonly wholeMs: number;
  /** The call alone, where the process tells; else all of it. */
  readonly callMs: number;
  /** Most that was resident; NaN where the system does not tell. Files that are mapped count, as the system counts them. */
  readonly peakMB: number;
}

const lookEveryMs = 10;

export async function runProcess({ file, args, cwd, tellsFigures = false }: Command): Promise<ProcessFigures> {
  const started = performance.now();
  const child = spawn(file, args, { cwd, stdio: ['ignore', tellsFigures ? 'pipe' : 'ignore', 'pipe'] });
  let peakMB = Number.NaN;
  const look = setInterval(() => (peakMB = peakOf(child.pid) ?? peakMB), lookEveryMs);
  const [said, complaints] = [textOf(child.stdout), textOf(child.stderr)];
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    const wholeMs = performance.now() - started;
    if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}: ${(await complaints).trim()}`);
    const own = tellsFigures ? (JSON.parse(await said) as Partial<ProcessFigures>) : {};
    return { wholeMs, callMs: wholeMs, peakMB, ...own };
  } finally {
    clearInterval(look);
  }
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const part of stream ?? []) text += String(part);
  return text;
}

/** Linux alone tells of others. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : (Number(kibibytes) * 1_024) / 1e6;
  } catch {
    return undefined; // it has ended, or there is no /proc
  }
}
