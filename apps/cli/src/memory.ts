// The largest resident memory this process has had.

/** Bytes; the operating system's own account, so that it includes what JavaScript does not see. */
export const memoryBytes = (): number => process.resourceUsage().maxRSS * 1024;
