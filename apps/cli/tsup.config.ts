import { copyFile } from 'node:fs/promises';
import { library } from '../../tsup.shared.ts';

export default library({
  entry: ['src/main.ts'],
  // The page of `shoal view`, built before.
  onSuccess: () => copyFile(new URL('../visualizer/dist/index.html', import.meta.url), 'dist/page.html'),
});
