// `shoal view`: the page that shows how a file spreads, with its simulated scenes; or a recording of a real swarm.

import { viewRecording, viewScenes } from '../live/viewing.ts';
import type { CommonOptions, Context } from '../run.ts';

interface ViewOptions extends CommonOptions {
  readonly open: boolean;
}

export const view = (recording: string | undefined, { open }: ViewOptions, context: Context): Promise<void> =>
  recording === undefined ? viewScenes(open, context) : viewRecording(recording, open, context);
