// Installs the benchmark project: the packages that ours is measured beside, which users and CI do without. Nothing of
// it is needed: what cannot be installed here is named as missing by the measurement.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Does nothing when `folder` has been installed since its lock file changed. */
export function installPeers(folder) {
  // npm writes the hidden lock file last.
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (changedAt(installed) >= changedAt(join(folder, 'package-lock.json'))) return;
  process.stderr.write('installing what ours is compared with (first run, or their lock file changed)\n');
  const { npm_execpath: npm, ...inherited } = process.env;
  const env = { ...inherited, npm_config_prefix: undefined, npm_config_local_prefix: undefined };
  // Some are compiled: for this very Node, whose headers lie beside it, not for another one on the machine.
  const nodeFolder = dirname(dirname(process.execPath));
  if (existsSync(join(nodeFolder, 'include', 'node', 'node.h'))) env.npm_config_nodedir = nodeFolder;
  // Not `npm ci`: it refuses a lock file without the binaries that some registry does not hold for other platforms.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const viaNode = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const [command, ...rest] = viaNode ? [process.execPath, npm, ...args] : ['npm', ...args];
  const windows = process.platform === 'win32';
  const done = spawnSync(command, rest, { cwd: folder, env, stdio: ['ignore', 2, 2], shell: !viaNode && windows });
  // When it is up to date already, npm leaves its file as old as it was.
  if (done.status === 0) utimesSync(installed, new Date(), new Date());
  else process.stderr.write('not installed; going on without what is missing\n');
}
