// `npm run build:exe`: shoal as one file for people without Node. Bundles everything from source into one ES module and
// puts it into a copy of the Node that runs this (https://nodejs.org/api/single-executable-applications.html). What
// cannot be bundled, native code, is left out: hashing is WebAssembly then, and sockets plain ones or by node:ffi. The
// page of `shoal view` is an asset within.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { leanCommander } from './lean-commander.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, 'dist-exe'));
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

const visualizer = join(here, '../visualizer');
const vite = join(createRequire(join(visualizer, 'package.json')).resolve('vite/package.json'), '../bin/vite.js');
run([vite, 'build', '--outDir', join(folder, 'page'), '--emptyOutDir', '--logLevel', 'warn'], { cwd: visualizer });

const executable = join(folder, process.platform === 'win32' ? 'shoal.exe' : 'shoal');
const config = join(folder, 'sea.json');
rmSync(executable, { force: true });
writeFileSync(
  config,
  JSON.stringify({
    main: join(folder, 'shoal.mjs'),
    mainFormat: 'module',
    output: executable,
    assets: { 'page.html': join(folder, 'page', 'index.html') },
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  }),
);
run(['--build-sea', config]);
chmodSync(executable, 0o755);
process.stdout.write(`${executable} ${(statSync(executable).size / 1e6).toFixed(0)} MB\n`);

/** Node with these arguments; its words only when it fails. */
function run(args, options = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...options });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}`);
  process.exit(status ?? 1);
}
