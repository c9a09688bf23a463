// `local_chunks.txt` of the classic exercise: which chunks of a file somebody has. A line `index,filename` for each,
// counted from 1, and last `count,LASTCHUNK`, where count is how many chunks the file has in all.

import { type Decoded, decoded, refused } from './decoded.ts';
import { nameProblem, showName } from './safe-path.ts';

export interface LocalChunks {
  /** Of the whole file. */
  readonly count: number;
  /** The names of the files that hold chunks, by chunk from 0 on; those not had are left out. */
  readonly files: ReadonlyMap<number, string>;
}

export const localChunksName = 'local_chunks.txt';

const lastWord = 'LASTCHUNK';

export const formatLocalChunks = ({ count, files }: LocalChunks): string =>
  [...files]
    .toSorted(([a], [b]) => a - b)
    .map(([chunk, name]) => `${chunk + 1},${name}\n`)
    .concat(`${count},${lastWord}\n`)
    .join('');

/** Some count from 0: then no chunk has the number of the last. */
export function parseLocalChunks(text: string): Decoded<LocalChunks, 'malformed' | 'nameUnsafe'> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [count, word] = readLine(lines.pop() ?? '');
  if (word !== lastWord) return refused('malformed', `its last line is not COUNT,${lastWord}`);
  const read = lines.map(readLine);
  const first = read.some(([index]) => index === 0) ? 0 : 1;
  const files = new Map<number, string>();
  for (const [line, [index, name]] of read.entries()) {
    const chunk = index - first;
    if (!(chunk >= 0 && chunk < count) || files.has(chunk))
      return refused('malformed', `line ${line + 1} is not INDEX,FILENAME with an index of its own up to ${count}`);
    if (nameProblem(name) !== undefined) return refused('nameUnsafe', `line ${line + 1} names ${showName(name)}`);
    files.set(chunk, name);
  }
  return decoded({ count, files });
}

function readLine(line: string): [index: number, name: string] {
  const match = /^\s*(\d{1,9})\s*,(.*)$/.exec(line);
  return match === null ? [NaN, ''] : [Number(match[1]), match[2]!.trim()];
}
