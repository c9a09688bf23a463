import { defineConfig } from 'oxlint';

/** The import arrows (ARCHITECTURE.md): which workspace packages each may import. Anything else is an error. */
const mayImport: Record<string, string[]> = {
  'packages/machine': [],
  'packages/wire': ['machine'],
  'packages/chunker': ['machine'],
  'packages/transport-udp': ['machine'],
  'packages/tracker': ['machine', 'wire'],
  'packages/peer': ['machine', 'wire', 'chunker', 'tracker'],
  'packages/simulator': ['machine', 'wire', 'chunker', 'transport-udp', 'tracker', 'peer'],
  'apps/cli': ['machine', 'wire', 'chunker', 'transport-udp', 'tracker', 'peer', 'simulator', 'visualizer'],
  'apps/visualizer': ['machine', 'wire', 'chunker', 'transport-udp', 'tracker', 'peer', 'simulator'],
};

/** Law 1, pure core: what no file of a core may touch. Its shell in `src/node/` may. */
const worldGlobals =
  'setTimeout setInterval setImmediate queueMicrotask performance process console crypto Buffer fetch navigator require'.split(
    ' ',
  );
const coreMessage = 'a core touches no world (law 1): take it as an argument, or move this to src/node/';

const packages = ['machine', 'wire', 'chunker', 'transport-udp', 'tracker', 'peer', 'simulator', 'visualizer'];

const arrows = (folder: string, allowed: string[]) => {
  const forbidden = packages.filter((name) => !allowed.includes(name));
  return [
    {
      regex: `^@shoal/(${forbidden.join('|')})(/|$)`,
      message: `${folder} may import: ${allowed.join(', ') || 'no workspace package'} (see oxlint.config.ts)`,
    },
    { regex: '^@shoal/[^/]+/(src|dist|test)/', message: 'import a package by its front doors: root, /node, /testing' },
    { regex: `^(\\.\\./)+(packages|apps|${packages.join('|')}|cli)/`, message: 'import another package by its name' },
  ];
};

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'vitest', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'warn', perf: 'warn' },
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/consistent-type-imports': 'error',
    'no-empty': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'import/no-cycle': 'error',
    'import/no-named-as-default-member': 'off',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'no-underscore-dangle': 'off', // `using _x = …` holds something that is only let go
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
  },
  ignorePatterns: ['**/dist/**', '**/coverage/**'],
  overrides: [
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      files: [`${folder}/**`],
      rules: { 'no-restricted-imports': ['error', { patterns: arrows(folder, allowed) }] },
    })),
    ...Object.entries(mayImport)
      .filter(([folder]) => folder.startsWith('packages/'))
      .map(([folder, allowed]) => ({
        files: [`${folder}/src/**`],
        excludeFiles: [`${folder}/src/node/**`],
        rules: {
          'no-restricted-imports': [
            'error',
            {
              patterns: [
                ...arrows(folder, allowed),
                {
                  regex: '^node:|^(fs|path|os|net|dgram|crypto|worker_threads|child_process|timers)(/|$)',
                  message: coreMessage,
                },
                { regex: '^@shoal/[^/]+/node$|^\\.\\.?/(.*/)?node/', message: coreMessage },
              ],
            },
          ],
          'no-restricted-globals': ['error', ...worldGlobals.map((name) => ({ name, message: coreMessage }))],
          'no-restricted-properties': [
            'error',
            { object: 'Date', property: 'now', message: coreMessage },
            { object: 'Math', property: 'random', message: coreMessage },
            { object: 'globalThis', property: 'crypto', message: coreMessage },
          ],
        },
      })),
  ],
});
