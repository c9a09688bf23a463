// The steps of a spreading file, found in what happened: the owner gives, its receivers share, the owner gives again. A
// step is a run of chunks that all came from the owner, or all from fellow receivers.

import type { Happening } from '../happenings.ts';

interface Move {
  readonly from: string;
  readonly to: string;
  readonly chunk: number;
}

export interface Step {
  readonly isShared: boolean;
  readonly fromMs: number;
  /** When its last chunk was held. */
  readonly untilMs: number;
  readonly moves: readonly Move[];
}

export function stepsOf(happenings: readonly Happening[]): Step[] {
  const owners = new Set<string>();
  const steps: Step[] = [];
  for (const happening of happenings) {
    if (happening.kind === 'came' && happening.role === 'owner') owners.add(happening.peer);
    if (happening.kind !== 'held' || happening.from === undefined) continue;
    const { from, peer: to, chunk, atMs } = happening;
    const isShared = !owners.has(from);
    const last = steps.at(-1);
    const move = { from, to, chunk };
    if (last?.isShared === isShared) steps[steps.length - 1] = { ...last, untilMs: atMs, moves: [...last.moves, move] };
    else steps.push({ isShared, fromMs: last?.untilMs ?? 0, untilMs: atMs, moves: [move] });
  }
  return steps;
}
