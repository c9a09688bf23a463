// The name of the hidden folder beside a destination where its content grows until it is complete.

import { basename, dirname, join } from 'node:path';
import { nameBytesMax, utf8Bytes } from '../safe-path.ts';

const suffix = '.shoal-partial';

/** `.NAME.shoal-partial` beside the destination, so on the same file system; a very long NAME is cut. */
export function partialPath(destination: string): string {
  const letters = Array.from(basename(destination));
  while (utf8Bytes(`.${letters.join('')}${suffix}`) > nameBytesMax) letters.pop();
  return join(dirname(destination), `.${letters.join('')}${suffix}`);
}

export const isPartialName = (name: string): boolean => name.startsWith('.') && name.endsWith(suffix);
