// Commander without what it imports and shoal has no use for. To import one of these, Node makes all that it exports:
// stdin and reports of `node:process` (20 ms), streams and promises of `node:fs` (11 ms), the network for
// `node:child_process` (8 ms). Commander looks for files and starts them only for subcommands that are programs.

import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const instead: Readonly<Record<string, string>> = {
  'node:process': 'export default globalThis.process;',
  'node:fs': 'export default {};',
  'node:child_process': 'export default {};',
  'node:util': `export const { stripVTControlCharacters } = process.getBuiltinModule('node:util');`,
};

/** For bundles that hold commander. */
export const leanCommander: Plugin = {
  name: 'lean-commander',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) =>
      path in instead && /[\\/]commander[\\/]lib[\\/]/.test(importer)
        ? { path, namespace: 'lean-commander' }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'lean-commander' }, ({ path }) => ({ contents: instead[path] ?? '' }));
  },
};
