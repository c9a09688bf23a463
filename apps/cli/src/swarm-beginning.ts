// A swarm as people write it: what `shoal ls` shows of its 64 hexadecimal digits, or more of them.

const digitsShown = 16;

export const shownSwarm = (swarm: string): string => swarm.slice(0, digitsShown);

/** Whether a swarm may be meant. */
export const isSwarmBeginning = (text: string): boolean => /^[0-9a-f]{16,64}$/.test(text);

/** Whether this one is meant. */
export const beginsSwarm = (text: string, swarm: string): boolean => isSwarmBeginning(text) && swarm.startsWith(text);
