// Bytes as text and back, and their comparison, without Node's Buffer (a core also runs in a browser).

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string => (hasHex(bytes) ? bytes.toHex() : hexOf(bytes));

/** Newer platforms do it themselves, and twice as fast. */
const hasHex = (bytes: Uint8Array): bytes is Uint8Array & { toHex(): string } => 'toHex' in bytes;

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

// The value of each character code that is a hexadecimal digit; 255 for the others.
const DIGITS = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value += 1) {
  const digit = value.toString(16);
  for (const form of [digit, digit.toUpperCase()]) DIGITS[form.charCodeAt(0)] = value;
}

/** The bytes of hexadecimal text in either case, or undefined when it is not hexadecimal. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    const high = DIGITS[text.charCodeAt(2 * i)] ?? 255;
    const low = DIGITS[text.charCodeAt(2 * i + 1)] ?? 255;
    if ((high | low) > 15) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** True when both hold the same bytes. Not constant in time: for public values only. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
