// Walks over msgpack bytes before they are unpacked, so that unpacking meets only what shoal's messages are made of:
// nil, booleans, integers, 64-bit floats, UTF-8 text, bytes, arrays. Everything else that the format knows (maps,
// extension types, the reserved byte) is refused: a general decoder builds records, dates, errors or huge numbers of it.

/** Arrays within arrays: message, list of claimed chunks, chunk, list of camps, camp. */
const depthMax = 5;

/** Values in one message, arrays included; each costs memory many times its byte. */
const valuesMax = 8_192;

/** How many values each open array still wants, outermost first: of the scan under way, and made once for all. */
const left = new Uint32Array(depthMax + 1);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** True when `bytes` are exactly one value of the allowed kinds, within the limits above. Costs O(length). */
export function scan(bytes: Uint8Array): boolean {
  let [offset, depth] = [0, 0];
  left[0] = 1;
  for (let values = 0; depth >= 0; values += 1) {
    if (offset >= bytes.length || values >= valuesMax) return false;
    const shape = shapeAt(bytes, offset);
    if (shape === undefined) return false;
    left[depth]! -= 1;
    offset += shape.headBytes;
    if (shape.values > 0) {
      if (depth === depthMax || shape.values > bytes.length - offset) return false;
      depth += 1;
      left[depth] = shape.values;
    } else {
      const end = offset + shape.bytes;
      if (end > bytes.length || (shape.text && !isText(bytes, offset, end))) return false;
      offset = end;
    }
    while (depth >= 0 && left[depth] === 0) depth -= 1;
  }
  return offset === bytes.length;
}

/** What follows a head: payload bytes, or values. */
interface Shape {
  readonly headBytes: number;
  readonly bytes: number;
  readonly values: number;
  readonly text: boolean;
}

const flat = (headBytes: number, bytes = 0): Shape => ({ headBytes, bytes, values: 0, text: false });

// One shape per head byte with all its lengths inside; heads with a length after them are made when met.
const fixedShapes: (Shape | undefined)[] = Array.from({ length: 256 }, (_, head) => {
  if (head <= 0x7f || head >= 0xe0) return flat(1); // fixint
  if (head >= 0x90 && head <= 0x9f) return { ...flat(1), values: head & 0x0f };
  if (head >= 0xa0 && head <= 0xbf) return { ...flat(1, head & 0x1f), text: true };
  if (head === 0xc0 || head === 0xc2 || head === 0xc3) return flat(1); // nil, false, true
  if (head === 0xcb) return flat(1, 8); // float 64
  if (head >= 0xcc && head <= 0xcf) return flat(1, 2 ** (head - 0xcc)); // uint 8 to 64
  if (head >= 0xd0 && head <= 0xd3) return flat(1, 2 ** (head - 0xd0)); // int 8 to 64
  return undefined;
});

function shapeAt(bytes: Uint8Array, offset: number): Shape | undefined {
  const head = bytes[offset]!;
  switch (head) {
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return sized(bytes, offset, 2 ** (head - 0xc4), false);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return sized(bytes, offset, 2 ** (head - 0xd9), true);
    case 0xdc:
    case 0xdd: {
      const shape = sized(bytes, offset, 2 ** (head - 0xdb), false);
      return shape && { ...shape, values: shape.bytes, bytes: 0 };
    }
    default:
      return fixedShapes[head];
  }
}

/** The shape of a head whose length stands in the `width` bytes after it, highest first. */
function sized(bytes: Uint8Array, offset: number, width: number, text: boolean): Shape | undefined {
  if (offset + 1 + width > bytes.length) return undefined;
  let length = 0;
  for (let i = 1; i <= width; i += 1) length = length * 256 + bytes[offset + i]!;
  return { headBytes: 1 + width, bytes: length, values: 0, text };
}

/** True when the bytes are UTF-8: a lenient decoder would turn two different byte strings into one name. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let ascii = true;
  for (let i = start; i < end && ascii; i += 1) ascii = bytes[i]! < 0x80;
  if (ascii) return true;
  try {
    utf8.decode(bytes.subarray(start, end));
    return true;
  } catch {
    return false; // a TypeError is how the decoder says no
  }
}
