import { library } from '../../tsup.shared.ts';

export default library({ entry: ['src/index.ts', 'src/introduction/index.ts', 'src/node/index.ts'] });
