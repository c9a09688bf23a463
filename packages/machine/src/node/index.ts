// The world as Node gives it: the only place where a shell finds its clock and its unguessable randomness.

export * from './clock.ts';
export * from './entropy.ts';
