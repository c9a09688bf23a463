// What `shoal view` opens: the page itself, or the page fed with a recording.

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ShoalError, UsageError } from '@shoal/machine';
import { parseRecording, recordingBytesMax } from '@shoal/visualizer';
import type { Context } from '../run.ts';
import { openBrowser } from './browser.ts';
import { openLiveServer } from './live-server.ts';
import { findPage, findPageFile } from './page.ts';
import { Recording } from './recording.ts';
import { show } from './show.ts';

/** The page needs no server: its address is that of a file, and stays good. */
export async function viewScenes(open: boolean, context: Context): Promise<void> {
  const { href } = pathToFileURL(await findPageFile(context.output));
  context.output.event({ event: 'view', url: href });
  context.output.data(href);
  if (open && !context.output.json) openBrowser(href);
}

/** Serves it until Ctrl-C. */
export async function viewRecording(path: string, open: boolean, context: Context): Promise<void> {
  const parsed = parseRecording(await readRecording(path));
  if (!parsed.ok) throw new UsageError('recording', `${path} ${parsed.detail}`);
  const { header, happenings } = parsed.value;
  const title = header.title === '' ? basename(path) : header.title;
  const recording = new Recording({
    header: { ...header, title },
    startMs: 0,
    nameOf: (peer) => peer,
    bytesMax: Infinity,
  });
  recording.add(happenings);
  recording.end(happenings.at(-1)?.atMs ?? 0);
  await using server = await openLiveServer({ recording, page: await findPage(context.output) });
  show(server.url, open, context);
  context.output.say('Ctrl-C stops it');
  await context.interrupt.wait();
}

async function readRecording(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > recordingBytesMax) throw new UsageError('recording', `${path} is too large to be shown`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ShoalError('notFound', `${path} does not exist`, { cause });
    throw new ShoalError('permissionDenied', `${path} cannot be read (${code})`, { cause });
  }
}
