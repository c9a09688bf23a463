// Names from the network are hostile: a path of a manifest may only ever lead to a new file inside the destination.
// Paths are relative, separated by '/', in any Unicode form: they are kept exactly as their owner's file system gives
// them, so that a copy has the same names; two of one set that differ only in normal form are refused (path-set.ts).

/** Longest path, in bytes of UTF-8: what Linux opens (PATH_MAX 4,096) less room for the destination. */
export const pathBytesMax = 3072;
/** Longest name within a path, in bytes of UTF-8 (NAME_MAX). */
export const nameBytesMax = 255;

/** What is wrong with a path. */
export type PathProblem =
  | 'empty'
  | 'tooLong'
  | 'absolute'
  | 'emptySegment'
  | 'dotSegment'
  | 'controlCharacter'
  | 'backslash'
  | 'reservedName'
  | 'illFormed';

const problemTexts: Readonly<Record<PathProblem, string>> = {
  empty: 'is empty',
  tooLong: `is longer than ${pathBytesMax} bytes, or has a name longer than ${nameBytesMax}`,
  absolute: 'is absolute',
  emptySegment: 'has an empty name between slashes',
  dotSegment: "has '.' or '..' as a name",
  controlCharacter: 'has a control character',
  backslash: 'has a backslash',
  reservedName: 'has a name that Windows keeps for a device',
  illFormed: 'is not well-formed Unicode',
};

/** What is wrong with a path in words, as the end of a sentence. */
export const describePathProblem = (problem: PathProblem): string => problemTexts[problem];

// C0 and C1 controls, and the line and paragraph separators, which break a line of output as well.
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Windows takes these for devices in any folder and with any extension. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:[ .].*)?$/i;

/** What is wrong with a relative path of a file-set, or undefined when it is safe on every system. */
export function pathProblem(path: string): PathProblem | undefined {
  if (path.length === 0) return 'empty';
  if (path.length > pathBytesMax || utf8Bytes(path) > pathBytesMax) return 'tooLong';
  // U+FFFD stands where a file name was not Unicode: such a file cannot be opened by its name again.
  if (!path.isWellFormed() || path.includes('\uFFFD')) return 'illFormed';
  if (controls.test(path)) return 'controlCharacter';
  if (path.includes('\\')) return 'backslash';
  if (path.startsWith('/') || /^[a-z]:(?:\/|$)/i.test(path)) return 'absolute';
  for (const segment of path.split('/')) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The same for a name: a path of one segment. */
export const nameProblem = (name: string): PathProblem | undefined =>
  name.includes('/') ? 'emptySegment' : pathProblem(name);

function segmentProblem(segment: string): PathProblem | undefined {
  if (segment === '') return 'emptySegment';
  if (segment === '.' || segment === '..') return 'dotSegment';
  if (segment.length > nameBytesMax || utf8Bytes(segment) > nameBytesMax) return 'tooLong';
  if (reserved.test(segment)) return 'reservedName';
  return undefined;
}

/** True when Windows cannot hold the path under its own name: `<>:"|?*`, or a name that ends in a dot or a space. */
export const isUnsafeOnWindows = (path: string): boolean => /[<>:"|?*]|[. ](?:\/|$)/.test(path);

const shownCharsMax = 200;

/** A hostile name fit to be shown: quoted, controls and characters that turn the writing direction escaped, cut at 200. */
export function showName(name: string): string {
  const cut = name.length > shownCharsMax ? `${name.slice(0, shownCharsMax)}…` : name;
  return JSON.stringify(cut.toWellFormed()).replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Bytes of well-formed text in UTF-8; counted, because encoding just to measure would copy. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes += 1; // half of a surrogate pair: four bytes for two units
  }
  return bytes;
}
