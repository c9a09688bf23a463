// The recording that the user has opened, and what was wrong with the last file.

import { type Signal, signal } from '@preact/signals';
import type { RecordingHeader } from '../happenings.ts';
import { Reel } from '../reel.ts';
import { readRecordingFile } from './files.ts';

export interface Opened {
  readonly header: RecordingHeader;
  readonly reel: Reel;
}

export const opened: Signal<Opened | undefined> = signal(undefined);
export const problem: Signal<string | undefined> = signal(undefined);

/** Shows the recording in a file, or says why not and leaves what is shown. */
export async function openRecording(file: File): Promise<void> {
  const read = await readRecordingFile(file);
  location.hash = '#recording';
  problem.value = read.ok ? undefined : `${file.name} ${read.detail}.`;
  if (!read.ok) return;
  const { header, happenings } = read.value;
  const reel = new Reel();
  reel.append(happenings);
  reel.isComplete = true;
  opened.value = { header, reel };
}
