// Where programs keep what is not content: what a person chose, and what they would not like to lose but nobody needs to
// see (XDG Base Directory Specification).

import { homedir } from 'node:os';
import { join } from 'node:path';

export const stateFolder = (): string => xdg('XDG_STATE_HOME', '.local/state');

export const configPath = (): string => join(xdg('XDG_CONFIG_HOME', '.config'), 'config.json');

function xdg(variable: string, usual: string): string {
  const chosen = process.env[variable];
  return join(chosen === undefined || chosen === '' ? join(homedir(), usual) : chosen, 'shoal');
}
