import { library } from '../../tsup.shared.ts';

export default library({
  // Each worker is an entry of its own: a thread is started from a file.
  entry: [
    'src/index.ts',
    'src/node/index.ts',
    'src/node/hash-worker.ts',
    'src/node/copy-worker.ts',
    'src/testing/index.ts',
  ],
  // tsup leaves out dependencies and peer dependencies by itself, optional ones not.
  external: ['@napi-rs/blake-hash'],
});
