// Names from others must not steer the terminal: control characters, line breaks and direction marks are shown, not sent.

// C0 and C1 controls, line and paragraph separators, and the bidirectional marks of Unicode TR9.
// oxlint-disable-next-line no-control-regex -- controls are what this is about
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `text` with everything a terminal might obey written as `\u{…}`. */
export const escapeText = (text: string): string =>
  text.replace(unsafe, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
