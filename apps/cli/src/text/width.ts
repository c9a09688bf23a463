// How many columns text takes on a terminal, near enough: letters of East Asian scripts and emoji take two.

const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u;
const plain = /^[ -~]*$/;
const none = /\p{Mark}|\u200d/u;

/** Of text without controls. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += none.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return columns;
}

/** At most so many columns of it; what is cut off shows as `…`. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let clipped = '';
  for (const character of text) {
    if (widthOf(clipped + character) > columns - 1) break;
    clipped += character;
  }
  return `${clipped}…`;
}

/** `words`, a comma after each but the last, on lines of at most so many columns; all but the first are indented. */
export function foldList(head: string, words: readonly string[], columns: number): string {
  const lines = [head];
  for (const [index, word] of words.entries()) {
    const text = index === words.length - 1 ? word : `${word},`;
    const longer = `${lines.at(-1)} ${text}`;
    if (index > 0 && widthOf(longer) > columns) lines.push(`  ${text}`);
    else lines[lines.length - 1] = longer;
  }
  return lines.join('\n');
}
