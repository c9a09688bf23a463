// `shoal leave`: what this user shares from other terminals is shared no longer, and their trackers are told.

import { setTimeout as wait } from 'node:timers/promises';
import { ShoalError } from '@shoal/machine';
import { readSeconds } from '../options.ts';
import { askToLeave, isAlive, type Page, readPresences } from '../presence.ts';
import type { CommonOptions, Context } from '../run.ts';
import { beginsSwarm } from '../swarm-beginning.ts';

interface LeaveOptions extends CommonOptions {
  readonly all?: boolean;
  readonly timeout: string;
}

const lookEveryMs = 100;

export async function leave(
  name: string | undefined,
  options: LeaveOptions,
  { output, interrupt }: Context,
): Promise<void> {
  const until = performance.now() + readSeconds('--timeout', options.timeout) * 1000;
  const shared = readPresences();
  const isMeant = (page: Page): boolean =>
    options.all === true || (name !== undefined && (page.name === name || beginsSwarm(name, page.swarm)));
  const meant = shared.filter(isMeant);
  if (meant.length === 0) {
    const names = shared.map((page) => page.name).join(', ');
    const there = names === '' ? 'nothing is shared here' : `shared here: ${names}`;
    throw new ShoalError(
      'notFound',
      name === undefined ? `say what to leave, or --all; ${there}` : `"${name}" is not among what is shared; ${there}`,
    );
  }
  for (const page of meant) askToLeave(page);
  for (const { pid, name: left, swarm } of meant) {
    while (isAlive(pid)) {
      if (performance.now() > until) throw new ShoalError('timedOut', `${left} has not been left yet: process ${pid}`);
      await wait(lookEveryMs, undefined, { signal: interrupt.signal });
    }
    output.event({ event: 'left', name: left, swarm });
    output.data(left);
  }
  output.event({ event: 'done', left: meant.length });
}
