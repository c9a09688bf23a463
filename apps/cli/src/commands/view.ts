// `shoal view`: the page that shows how a file spreads, with its simulated scenes; or a recording of a real swarm.

import type { Command } from 'commander';
import { noOpenOption } from '../live/options.ts';
import { type CommonOptions, run } from '../run.ts';

interface ViewOptions extends CommonOptions {
  readonly open: boolean;
}

export const addView = (program: Command): Command =>
  program
    .command('view')
    .description('show in a browser how a file spreads: simulated, or as it was recorded')
    .argument('[recording]', 'what `get`, `share` or `demo` saved with --record; without it, the page with its scenes')
    .addOption(noOpenOption)
    .addHelpText('after', '\nExample:\n  shoal demo --record demo.ndjson && shoal view demo.ndjson')
    .action(async (recording: string | undefined, { open, ...options }: ViewOptions) =>
      run(options, async (context) => {
        const { viewRecording, viewScenes } = await import('../live/viewing.ts');
        await (recording === undefined ? viewScenes(open, context) : viewRecording(recording, open, context));
      }),
    );
