// What the process says when it ends. Documented in the README; scripts rely on these numbers.

/** Exit status by meaning. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  timedOut: 4,
  network: 6,
  unfinished: 7,
  diskFull: 9,
  exists: 13,
  authentication: 24,
  badContent: 25,
  verification: 32,
  interrupted: 130,
  terminated: 143,
} as const;
