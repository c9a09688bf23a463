// Something done again and again while a command runs.

/** How often progress is shown, and told with --json. */
export const progressMs = 100;

/** Calls `action` every `ms` until it is disposed of. */
export function every(ms: number, action: () => void): Disposable {
  const timer = setInterval(action, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
