// `shoal demo`: the main job on this machine, with real processes and real bytes, and a report that proves it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ShoalError, UsageError } from '@shoal/machine';
import { allRight, formatReport } from '../demo/report.ts';
import { playDemo, type ReceiverProgress, type Victim } from '../demo/stage.ts';
import type { LiveOptions } from '../live/options.ts';
import type { Show } from '../live/show.ts';
import type { CommonOptions, Context } from '../run.ts';
import { formatProgress } from '../text/progress.ts';

interface DemoCommandOptions extends CommonOptions, LiveOptions {
  readonly receivers: string;
  readonly kill?: Victim;
}

const receiversMax = 50;
const plainProgressMs = 1000;

export async function demo(path: string, options: DemoCommandOptions, context: Context): Promise<void> {
  const { output, interrupt } = context;
  const receivers = Number(options.receivers);
  if (!Number.isInteger(receivers) || receivers < 1 || receivers > receiversMax)
    throw new UsageError('--receivers', `"${options.receivers}" is not a number from 1 to ${receiversMax}`);
  const folder = await mkdtemp(join(tmpdir(), 'shoal-demo-'));
  process.env['XDG_STATE_HOME'] = join(folder, 'state'); // what its processes remember goes with it
  const names = new Map<string, string>();
  await using show = await openDemoShow(options, basename(path), context, names);
  try {
    const result = await playDemo({
      path,
      receivers,
      folder,
      names,
      signal: interrupt.signal,
      onNews: (line) => output.say(line),
      onMoving: () => output.event({ event: 'moving' }),
      onStart: (name, pid) => output.event({ event: 'started', name, pid }),
      onProgress: progressPrinter(output),
      ...(show === undefined ? {} : { onHappenings: (happenings) => show.recording.add(happenings) }),
      ...(options.kill === undefined ? {} : { victim: options.kill }),
    });
    output.liveDone();
    output.say('');
    output.data(formatReport(result));
    output.event({ event: 'report', right: allRight(result), text: formatReport(result) });
    if (!allRight(result)) throw new ShoalError('verificationFailed', 'a copy differs from what was shared');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its processes tell what happens to them by pipes: it is put in order when all have. */
async function openDemoShow(
  options: DemoCommandOptions,
  title: string,
  context: Context,
  names: ReadonlyMap<string, string>,
): Promise<Show | undefined> {
  if (options.view !== true && options.record === undefined) return undefined;
  const { openShow } = await import('../live/show.ts');
  return openShow({ ...options, title, context, lagMs: 500, nameOf: (peer) => names.get(peer) });
}

/** On a terminal a line for each receiver that replaces itself; on a pipe one line a second with all of them. */
function progressPrinter(output: Context['output']): (receivers: readonly ReceiverProgress[]) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (receivers) => {
    const lines = receivers.map((receiver) =>
      formatProgress({ ...receiver, name: receiver.name.padEnd(11) }, output.columns),
    );
    if (output.isLive) return output.live(lines.join('\n'));
    if (performance.now() - saidAt < plainProgressMs) return;
    saidAt = performance.now();
    output.say(
      receivers.map(({ name, heldBytes, totalBytes }) => `${name} ${percentOf(heldBytes, totalBytes)} %`).join('  '),
    );
  };
}

const percentOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((100 * part) / whole));
