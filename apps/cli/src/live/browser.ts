// Starts the user's browser, where there is a desktop to start it on and somebody who sees it.

import { spawn } from 'node:child_process';

/** Whether it was tried; the address was printed, so that nothing is lost when it fails. */
export function openBrowser(url: string): boolean {
  const opener = openerOf(process.platform, process.env);
  if (opener === undefined || !process.stdout.isTTY) return false;
  const [command, ...args] = opener;
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
  return true;
}

/** The command that opens an address; undefined without a desktop. */
export function openerOf(
  platform: NodeJS.Platform,
  { DISPLAY: x11, WAYLAND_DISPLAY: wayland }: NodeJS.ProcessEnv,
): readonly [string, ...string[]] | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['explorer.exe'];
  return (x11 ?? wayland ?? '') === '' ? undefined : ['xdg-open'];
}
