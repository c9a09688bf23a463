// Where programs keep what they would not like to lose and nobody needs to see (XDG Base Directory Specification).

import { homedir } from 'node:os';
import { join } from 'node:path';

export function stateFolder(): string {
  const state = process.env['XDG_STATE_HOME'];
  return join(state === undefined || state === '' ? join(homedir(), '.local', 'state') : state, 'shoal');
}
