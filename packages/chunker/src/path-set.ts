// What the paths of one file-set must be together: in order, distinct on every file system, none a file and a folder.

import { describePathProblem, pathProblem, showName } from './safe-path.ts';

/** Order of paths: by code point, which is the order of their UTF-8 bytes. (JavaScript's `<` compares UTF-16 units.) */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/**
 * Why these paths, of files and empty folders, cannot make a file-set, as a sentence with names escaped, or undefined when
 * they can. They must be in `comparePaths` order.
 */
export function pathSetProblem(paths: readonly string[]): string | undefined {
  const leaves = new Set<string>();
  const parents = new Set<string>();
  for (const [index, path] of paths.entries()) {
    const problem = pathProblem(path);
    if (problem !== undefined) return `the path ${showName(path)} ${describePathProblem(problem)}`;
    if (index > 0 && comparePaths(paths[index - 1]!, path) >= 0)
      return `the path ${showName(path)} is listed twice or out of order`;
    // macOS takes different normal forms of a name for the same file.
    const normal = path.normalize('NFC');
    if (leaves.add(normal).size === index) return `the path ${showName(path)} is there twice`;
    addParents(normal, parents);
  }
  for (const path of leaves) if (parents.has(path)) return `the path ${showName(path)} is also used as a folder`;
  return undefined;
}

function addParents(path: string, parents: Set<string>): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const parent = path.slice(0, slash);
    if (parents.has(parent)) return; // then its own parents are there as well
    parents.add(parent);
  }
}
