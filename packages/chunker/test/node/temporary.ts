// A folder for one test, gone when the test is over; and a way to be nobody, for tests of permissions run by root.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-chunker-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const nobody = 65_534;

/** Calls without root's rights to read everything. */
export async function asNobody<T>(call: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return call();
  process.seteuid?.(nobody);
  try {
    return await call();
  } finally {
    process.seteuid?.(0);
  }
}
