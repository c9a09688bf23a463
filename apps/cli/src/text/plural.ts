// A number with its word.

/** `plural(2, 'try is', 'tries are')`; without the last, an s makes the plural. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
