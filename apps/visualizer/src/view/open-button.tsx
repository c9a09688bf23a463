// Opens a recording: by a file chooser, or by dropping a file anywhere on the page.

import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { openRecording } from '../live/opened.ts';

export function OpenButton(): VNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current!.click()}>
        Open a recording
      </button>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        accept=".ndjson,application/x-ndjson"
        tabIndex={-1}
        aria-label="Recording"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = ''; // the same file may be chosen again
          if (file !== undefined) void openRecording(file);
        }}
      />
    </>
  );
}

/** A file dropped on the page is opened, not shown as text in its place. */
export function useDroppedFiles(): void {
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) void openRecording(file);
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, []);
}
