// Recordings to and from files of the user. Nothing leaves the machine: the browser writes and reads them itself.

import {
  formatRecording,
  parseRecording,
  type ReadRecording,
  type RecordingFile,
  recordingBytesMax,
} from '../recording-file.ts';

/** Lets the browser save it. */
export function saveRecording(recording: RecordingFile): void {
  const address = URL.createObjectURL(new Blob(formatRecording(recording), { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${fileNameOf(recording.header.title)}.ndjson`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export async function readRecordingFile(file: File): Promise<ReadRecording> {
  if (file.size > recordingBytesMax) return { ok: false, detail: 'is too large to be shown' };
  try {
    return parseRecording(await file.text());
  } catch {
    return { ok: false, detail: 'cannot be read' }; // a folder, or a file that has gone
  }
}

/** Titles are names from others. */
const fileNameOf = (title: string): string => title.replaceAll(/[^\p{L}\p{N}._ -]+/gu, '_').slice(0, 80) || 'recording';
