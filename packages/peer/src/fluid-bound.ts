// The yardstick: no way of handing out a file is faster than this. For receivers that come together it is the bound of
// Kurose and Ross ("Computer Networking", section on P2P file distribution): T >= max(F/u_s, F/d_min, N·F/(u_s + Σu_i)).
// Where they come one after another, the last term holds of every moment: who came before can have got F each at most,
// and the rest has to leave the uplinks that are there from then on. Receivers that go when they are done count as if they
// stayed, since nobody has to be done before the last one; so it is a bound for them too, though not a tight one.

export interface PopulationReceiver {
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  /** Comes at this moment; 0 unless given. */
  readonly arrivesAtMs?: number;
  /** It need not have the whole in the end, and sends all the same. */
  readonly onlyHelps?: boolean;
}

/** Rates in bytes per second, `totalBytes` in bytes. Infinity stands for a link without a limit. */
export interface Population {
  readonly totalBytes: number;
  /** What the owner can send. */
  readonly ownerUpBytesPerSecond: number;
  /** It goes when it has sent so much; unless given it stays. */
  readonly ownerBytesMax?: number;
  readonly receivers: readonly PopulationReceiver[];
}

/** The least time, in milliseconds from the beginning, in which every receiver can have the whole. */
export function fluidBoundMs({ totalBytes, ownerUpBytesPerSecond, ownerBytesMax, receivers }: Population): number {
  if (receivers.length === 0) return 0;
  const inOrder = receivers.toSorted((a, b) => arrivalOf(a) - arrivalOf(b));
  const wanting = inOrder.filter(({ onlyHelps = false }) => !onlyHelps);
  const alone = wanting.map((receiver) => arrivalOf(receiver) + msFor(totalBytes, receiver.downBytesPerSecond));
  const goesAfterMs =
    ownerBytesMax === undefined || ownerUpBytesPerSecond === Infinity
      ? Infinity
      : msFor(ownerBytesMax, ownerUpBytesPerSecond);
  const together = wanting.map((latest, before) => {
    const fromMs = arrivalOf(latest);
    const changes = inOrder.map((receiver) => ({
      atMs: Math.max(fromMs, arrivalOf(receiver)),
      bytesPerSecond: receiver.upBytesPerSecond,
    }));
    const owner = [
      { atMs: fromMs, bytesPerSecond: ownerUpBytesPerSecond },
      { atMs: fromMs + goesAfterMs, bytesPerSecond: -ownerUpBytesPerSecond },
    ].filter(({ atMs }) => atMs < Infinity);
    return whenSent((wanting.length - before) * totalBytes, [...owner, ...changes]);
  });
  const firstCopyMs = arrivalOf(inOrder[0]!) + msFor(totalBytes, ownerUpBytesPerSecond);
  return Math.max(firstCopyMs, ...alone, ...together);
}

const arrivalOf = ({ arrivesAtMs = 0 }: PopulationReceiver): number => arrivesAtMs;
const msFor = (bytes: number, bytesPerSecond: number): number => (bytes === 0 ? 0 : (bytes / bytesPerSecond) * 1_000);

/** A rate that comes or, negative, goes. */
interface Change {
  readonly atMs: number;
  readonly bytesPerSecond: number;
}

/** When so many bytes are sent at a rate that changes. */
function whenSent(bytes: number, changes: readonly Change[]): number {
  let [atMs, rate, left] = [0, 0, bytes];
  for (const change of changes.toSorted((a, b) => a.atMs - b.atMs)) {
    const sent = change.atMs > atMs ? (rate * (change.atMs - atMs)) / 1_000 : 0;
    if (sent >= left) break;
    left -= sent;
    atMs = change.atMs;
    rate += change.bytesPerSecond;
  }
  return atMs + msFor(left, rate);
}
