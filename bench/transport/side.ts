// One of the two processes of a measurement, started by `run-pair.ts`, which says over IPC what to do.

import { cases, type CaseName } from './cases/index.ts';
import type { Figures, Setting } from './cases/case.ts';
import type { Contact } from './contract.ts';
import { transports } from './transports.ts';

/** With a contact, the dialling side; without, the listening one. */
export interface Task {
  readonly type: 'task';
  readonly name: CaseName;
  readonly transport: string;
  readonly setting: Setting;
  readonly contact?: Contact;
}
export type ToSide = Task | { readonly type: 'finish' };
export type FromSide =
  | { readonly type: 'started' }
  | { readonly type: 'listening'; readonly contact: Contact }
  | { readonly type: 'done'; readonly figures: Figures }
  | { readonly type: 'failed'; readonly why: string };

const tell = (message: FromSide): boolean => process.send!(message);

async function perform({ name, transport: transportName, setting, contact }: Task): Promise<void> {
  const transport = await transports[transportName]!();
  const chosen = cases[name];
  if (contact !== undefined) {
    tell({ type: 'done', figures: await chosen.dial(transport, setting, contact) });
    return;
  }
  const listening = await chosen.listen(transport, setting);
  process.on('message', (message: ToSide) => {
    if (message.type === 'finish') void listening.finish().then((figures) => tell({ type: 'done', figures }), failed);
  });
  tell({ type: 'listening', contact: listening.contact });
}

function failed(error: unknown): void {
  tell({ type: 'failed', why: error instanceof Error ? error.message : String(error) });
}

process.once('message', (task: Task) => void perform(task).catch(failed));
process.once('disconnect', () => process.exit());
process.on('uncaughtException', failed); // a peer's, in a callback
process.on('unhandledRejection', failed);
tell({ type: 'started' });
