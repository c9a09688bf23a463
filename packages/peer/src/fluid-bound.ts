// The yardstick: no way of handing out a file is faster than this (Kurose and Ross, "Computer Networking", section
// on P2P file distribution). T >= max(F/u_s, F/d_min, N·F/(u_s + Σu_i)).

/** Rates in bytes per second, `totalBytes` in bytes. Infinity stands for a link without a limit. */
export interface Population {
  readonly totalBytes: number;
  /** What the owner can send. */
  readonly ownerUpBytesPerSecond: number;
  readonly receivers: readonly { readonly upBytesPerSecond: number; readonly downBytesPerSecond: number }[];
}

/** The least time, in milliseconds, in which every receiver can have the whole. */
export function fluidBoundMs({ totalBytes, ownerUpBytesPerSecond, receivers }: Population): number {
  if (receivers.length === 0) return 0;
  const slowestDown = Math.min(...receivers.map((receiver) => receiver.downBytesPerSecond));
  const allUp = receivers.reduce((sum, receiver) => sum + receiver.upBytesPerSecond, ownerUpBytesPerSecond);
  const seconds = Math.max(
    totalBytes / ownerUpBytesPerSecond,
    totalBytes / slowestDown,
    (receivers.length * totalBytes) / allUp,
  );
  return seconds * 1_000;
}
