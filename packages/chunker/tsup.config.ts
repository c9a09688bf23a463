import { library } from '../../tsup.shared.ts';

// The worker is an entry of its own: a thread is started from a file.
export default library({ entry: ['src/index.ts', 'src/node/index.ts', 'src/node/hash-worker.ts'] });
