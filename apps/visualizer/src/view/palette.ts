// The colours of what is drawn: those of Okabe and Ito, which people see apart whatever their eyes, and for the peers of a
// large swarm a ramp from blue to green whose lightness rises with the number, so that it can be told apart in grey, too.

export type Rgb = readonly [number, number, number];

export const orange: Rgb = [230, 159, 0];
export const skyBlue: Rgb = [86, 180, 233];
export const green: Rgb = [0, 158, 115];
export const yellow: Rgb = [240, 228, 66];
export const blue: Rgb = [0, 114, 178];
export const vermilion: Rgb = [213, 94, 0];
export const purple: Rgb = [204, 121, 167];

const few: readonly Rgb[] = [blue, green, skyBlue, purple, yellow, vermilion];
const ramp: readonly Rgb[] = [
  [38, 62, 140],
  [30, 112, 160],
  [40, 160, 160],
  [120, 200, 140],
  [208, 224, 120],
];

/** What stands for a peer, and for every chunk that it gave. The owner, the first, is orange. */
export function colourOfPeer(number: number, peerCount: number): Rgb {
  if (number === 0) return orange;
  if (peerCount - 1 <= few.length) return few[(number - 1) % few.length]!;
  return along(ramp, (number - 1) / Math.max(1, peerCount - 2));
}

/** What stands for a chunk where there are few of them: the four of the classic scene first. */
export const chunkColours: readonly Rgb[] = [blue, green, vermilion, yellow, purple, skyBlue, orange];

export const css = ([red, green, blue]: Rgb, alpha = 1): string => `rgb(${red} ${green} ${blue} / ${alpha})`;

/** As ImageData holds it on machines of our time (little-endian). */
export const packed = ([red, green, blue]: Rgb, alpha = 255): number =>
  ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;

export const mixed = (a: Rgb, b: Rgb, part: number): Rgb => [
  Math.round(a[0] + (b[0] - a[0]) * part),
  Math.round(a[1] + (b[1] - a[1]) * part),
  Math.round(a[2] + (b[2] - a[2]) * part),
];

function along(colours: readonly Rgb[], part: number): Rgb {
  const at = Math.min(Math.max(part, 0), 1) * (colours.length - 1);
  const first = Math.min(Math.floor(at), colours.length - 2);
  return mixed(colours[first]!, colours[first + 1]!, at - first);
}
