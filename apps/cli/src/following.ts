// Follows a file or folder: says when it has changed and has been left in peace since.

import { statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Once for each time it changed and then `quietMs` went by without another change; ends with the signal. */
export async function* changesOf(path: string, quietMs: number, signal: AbortSignal): AsyncGenerator<void> {
  const isFolder = statSync(path).isDirectory();
  // A file is often replaced by another of its name, which its folder sees.
  const watcher = watch(isFolder ? path : dirname(path), { recursive: isFolder, persistent: true });
  let settled = Promise.withResolvers<'changed' | 'ended'>();
  let timer: NodeJS.Timeout | undefined;
  watcher.on('change', (_event, name) => {
    if (!isFolder && String(name) !== basename(path)) return;
    clearTimeout(timer);
    timer = setTimeout(() => settled.resolve('changed'), quietMs);
  });
  watcher.on('error', (error) => settled.reject(error));
  signal.addEventListener('abort', () => settled.resolve('ended'), { once: true });
  try {
    while (!signal.aborted && (await settled.promise) === 'changed') {
      settled = Promise.withResolvers();
      if (signal.aborted) return;
      yield;
    }
  } finally {
    clearTimeout(timer);
    watcher.close();
  }
}
