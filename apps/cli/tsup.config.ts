import { copyFile } from 'node:fs/promises';
import { library } from '../../tsup.shared.ts';
import { leanCommander } from './lean-commander.ts';

export default library({
  entry: ['src/main.ts'],
  noExternal: ['commander'],
  esbuildPlugins: [leanCommander],
  // Comments alone are half of it, and read at every start; names stay, for the stack of a fault of ours.
  esbuildOptions(options) {
    options.minifyWhitespace = true;
  },
  async onSuccess() {
    // The page of `shoal view`, built before.
    await copyFile(new URL('../visualizer/dist/index.html', import.meta.url), 'dist/page.html');
    await copyFile(new URL('LICENSE', import.meta.resolve('commander')), 'dist/commander.LICENSE');
  },
});
