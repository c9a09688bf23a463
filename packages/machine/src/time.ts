// Time as the cores see it: an instant handed in by the caller, never read from a clock.
// The brand keeps a bare number from passing for a moment; durations stay plain numbers named `…Ms`.

declare const instantBrand: unique symbol;

/** A moment on a monotonic clock, in milliseconds (fractions allowed) since an origin only the clock's owner knows. */
export type Instant = number & { readonly [instantBrand]: true };

/** Gives a reading of a monotonic clock its type. Only clocks, tests and simulators should need it. */
export const instant = (ms: number): Instant => ms as Instant;

/** The moment that never comes: the answer of a machine that waits for no timer. */
export const NEVER: Instant = instant(Number.POSITIVE_INFINITY);

/** The moment `durationMs` after `at`; negative durations go back. */
export const after = (at: Instant, durationMs: number): Instant => instant(at + durationMs);

/** Milliseconds from `earlier` to `later`; negative when they are the other way round. */
export const msBetween = (earlier: Instant, later: Instant): number => later - earlier;

/** The first of several moments; `NEVER` when there is none. */
export const earliest = (...moments: readonly Instant[]): Instant => instant(Math.min(...moments));
