// The one process that loads a tracker, started by tracker.ts: so many clients, each with one question at a time, as fast
// as they are answered; then at half that rate, evenly, whoever is free. The tracker's CPU time is taken from outside.

import type { Client, ClientSetting } from './contract.ts';
import { cpuSeconds } from './process-figures.ts';
import { trackers } from './trackers.ts';

export type Question = 'announce' | 'holdChunks' | 'locate';

export interface LoadTask {
  readonly tracker: string;
  readonly pid: number;
  readonly setting: ClientSetting;
  /** What is measured: one kind of question, first contacts, or nothing but the filling of the table. */
  readonly what: Question | 'firstContact' | 'fill';
  readonly clients: number;
  readonly seconds: number;
}

export type LoadFigures = Readonly<Record<string, number>>;

/** A compiler needs time: both sides run so long before anything is counted. */
const warmSeconds = 4;

process.once('message', (task: LoadTask) => {
  measure(task).then(
    (figures) => process.send!({ figures }, () => process.exit()),
    (error: unknown) => process.send!({ failed: String(error) }, () => process.exit()),
  );
});

async function measure(task: LoadTask): Promise<LoadFigures> {
  if (task.what === 'firstContact') return measureContacts(task);
  const { clients: kind } = trackers[task.tracker]!;
  if (task.what === 'fill') return kind.fill(task.setting).then(() => ({}));
  const clients: Client[] = [];
  for (let i = 0; i < task.clients; i += 1) clients.push(await kind.open(task.setting, i));
  const ask = (client: Client, done: () => void): void => client[task.what as Question]!(done);
  await saturate(clients, ask, warmSeconds);
  const cpu = cpuSeconds(task.pid);
  const { answered, seconds } = await saturate(clients, ask, task.seconds);
  const used = cpuSeconds(task.pid) - cpu;
  const paced = await pace(clients, ask, answered / seconds / 2, task.seconds);
  return { ...rates(answered, seconds, used), ...paced };
}

type Ask = (client: Client, done: () => void) => void;

async function saturate(clients: readonly Client[], ask: Ask, seconds: number) {
  const start = performance.now();
  let answered = 0;
  const busy = clients.map(
    (client) =>
      new Promise<void>((resolve) => {
        const next = (): void => {
          answered += 1;
          if (performance.now() - start < seconds * 1_000) ask(client, next);
          else resolve();
        };
        ask(client, next);
      }),
  );
  await Promise.all(busy);
  return { answered, seconds: (performance.now() - start) / 1_000 };
}

/**
 * The time of each answer counts from when its question was due, also when no client was free then, until we see the
 * answer. We too are late at times: the least that the tracker and the system can have taken (`net`) counts from when
 * we asked until our last look but one at what has come, before which the answer was not there.
 */
async function pace(clients: readonly Client[], ask: Ask, perSecond: number, seconds: number): Promise<LoadFigures> {
  const free = [...clients];
  const timesMs: number[] = [];
  const netTimesMs: number[] = [];
  const start = performance.now();
  let due = 0;
  let [looked, lookedBefore] = [start, start];
  const askDue = (): void => {
    while (free.length > 0 && start + (due * 1_000) / perSecond <= performance.now()) {
      const client = free.shift()!;
      const dueAt = start + (due * 1_000) / perSecond;
      due += 1;
      const askedAt = performance.now();
      ask(client, () => {
        timesMs.push(performance.now() - dueAt);
        netTimesMs.push(Math.max(0, lookedBefore - askedAt));
        free.push(client);
        if (free.length === 1) askDue();
      });
    }
  };
  while (performance.now() - start < seconds * 1_000) {
    askDue();
    [looked, lookedBefore] = [performance.now(), looked];
    // Not at once: a load that never sleeps would take a core from the tracker and the collectors of both.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (free.length < clients.length) await new Promise((resolve) => setTimeout(resolve, 1));
  return { ...percentiles(timesMs, 'Ms'), ...percentiles(netTimesMs, 'NetMs') };
}

function percentiles(timesMs: number[], unit: string): LoadFigures {
  timesMs.sort((a, b) => a - b);
  const at = (share: number): number => timesMs[Math.floor(timesMs.length * share)]!;
  return { [`p50${unit}`]: at(0.5), [`p99${unit}`]: at(0.99) };
}

/** Clients that come, are known, and go, so many at a time. */
async function measureContacts({ tracker, pid, setting, clients, seconds }: LoadTask): Promise<LoadFigures> {
  const { clients: kind } = trackers[tracker]!;
  let [opened, counted] = [0, 0];
  let cpu = 0;
  let until = performance.now() + warmSeconds * 1_000;
  const come = async (): Promise<void> => {
    while (performance.now() < until) {
      opened += 1;
      (await kind.open(setting, opened)).close();
      counted += 1;
    }
  };
  const all = (): Promise<unknown> => Promise.all(Array.from({ length: clients }, come));
  await all();
  cpu = cpuSeconds(pid);
  counted = 0;
  until = performance.now() + seconds * 1_000;
  await all();
  return rates(counted, seconds, cpuSeconds(pid) - cpu);
}

/** `busyPercent`: of a core. Far below 100 it was the load that was slow; `perCore` holds all the same. */
const rates = (answered: number, seconds: number, cpu: number): LoadFigures => ({
  perCore: answered / cpu,
  perSecond: answered / seconds,
  busyPercent: (100 * cpu) / seconds,
});
