// `npm run build:exe`: shoal as one file for people without Node. Bundles everything from source into one ES module and
// puts it into a copy of the Node that runs this (https://nodejs.org/api/single-executable-applications.html). What
// cannot be bundled, native code, is left out: hashing is WebAssembly then, and sockets plain ones or by node:ffi.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { leanCommander } from './lean-commander.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = process.argv[2] ?? join(here, 'dist-exe');
const left = ['@napi-rs', 'koffi'];

mkdirSync(folder, { recursive: true });
await build({
  config: false,
  silent: true,
  entry: { shoal: join(here, 'src/main.ts') },
  outDir: folder,
  format: 'esm',
  outExtension: () => ({ js: '.mjs' }),
  target: 'node26',
  platform: 'node',
  removeNodeProtocol: false,
  splitting: false,
  minify: true,
  noExternal: [new RegExp(`^(?!${left.join('|')})`)],
  external: left,
  esbuildPlugins: [leanCommander],
  // Packages that still call require() find one.
  banner: {
    js: "import { createRequire as __require } from 'node:module'; const require = __require(process.execPath);",
  },
  esbuildOptions(options) {
    options.conditions = ['@shoal/source'];
    options.logLevel = 'error';
  },
});

const executable = join(folder, process.platform === 'win32' ? 'shoal.exe' : 'shoal');
const config = join(folder, 'sea.json');
rmSync(executable, { force: true });
writeFileSync(
  config,
  JSON.stringify({
    main: join(folder, 'shoal.mjs'),
    mainFormat: 'module',
    output: executable,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  }),
);
const made = spawnSync(process.execPath, ['--build-sea', config], { encoding: 'utf8' });
if (made.status !== 0) {
  process.stderr.write(`${made.stdout}${made.stderr}`);
  process.exit(made.status ?? 1);
}
chmodSync(executable, 0o755);
process.stdout.write(`${executable} ${(statSync(executable).size / 1e6).toFixed(0)} MB\n`);
