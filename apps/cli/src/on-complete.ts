// `--on-complete CMD`: the person's own command when a transfer is done. What came from others, above all names, reaches
// it in variables and never as text that a shell would read.

import { spawn } from 'node:child_process';
import { ShoalError } from '@shoal/machine';
import type { TransferReport } from '@shoal/peer/node';

/** Runs it to its end. Fails when it fails. */
export async function runOnComplete(
  command: string,
  { destination, name, swarm, wantedBytes }: TransferReport,
): Promise<void> {
  const told = {
    SHOAL_DONE_PATH: destination,
    SHOAL_DONE_NAME: name,
    SHOAL_DONE_SWARM: swarm,
    SHOAL_DONE_BYTES: String(wantedBytes),
  };
  // Its words are for people: stdout is ours alone.
  const child = spawn(command, { shell: true, stdio: ['ignore', 2, 2], env: { ...process.env, ...told } });
  const status = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? String(signal)));
  });
  if (status !== 0)
    throw new ShoalError(
      'unfinished',
      `${destination} is complete, but the --on-complete command ended with ${status}`,
    );
}
