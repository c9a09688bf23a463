import { library } from '../../tsup.shared.ts';

export default library({ entry: ['src/index.ts', 'src/node/index.ts', 'src/testing/index.ts'] });
