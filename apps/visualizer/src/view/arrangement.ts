// Where each peer of a swarm stands. Peer 0 brings the content: it stands in the middle, at the top, or in its place of the
// ring.

export type ArrangementName = 'hub' | 'ring' | 'classic';

export interface Place {
  readonly x: number;
  readonly y: number;
  /** Where its name stands, seen from it: a direction of length 1. */
  readonly nameX: number;
  readonly nameY: number;
}

export interface Arrangement {
  readonly places: readonly Place[];
  /** Of a peer; the owner's may be larger. */
  readonly radius: number;
}

const margin = 14;
const labelSpace = 22;
const nameWidth = 58;

/** More names than that would cover one another. */
export const namedMost = 32;

export function arrange(name: ArrangementName, count: number, width: number, height: number): Arrangement {
  switch (name) {
    case 'classic':
      return classic(count, width, height);
    case 'ring':
      return around(count, width, height, 0);
    default:
      return around(count, width, height, 1);
  }
}

/** One above, all others in a bow below, so that no line between two passes behind a third. */
function classic(count: number, width: number, height: number): Arrangement {
  const others = Math.max(1, count - 1);
  const step = Math.min(width / others, 260);
  const radius = Math.max(18, Math.min(step * 0.33, height * 0.15, 60));
  const left = (width - step * others) / 2;
  const low = height - radius - labelSpace - margin;
  const places = Array.from({ length: count }, (_, i) => {
    if (i === 0) return below(width / 2, radius + margin);
    const aside = Math.abs((2 * (i - 0.5)) / others - 1); // 0 in the middle, 1 at the edge
    return below(left + step * (i - 0.5), low - aside ** 2 * height * 0.3);
  });
  return { places, radius };
}

/** Around the middle, on as many ellipses as it takes; the first `inside` stand in the middle. */
function around(count: number, width: number, height: number, inside: number): Arrangement {
  const outside = Math.max(1, count - inside);
  const rings = outside <= namedMost ? 1 : outside <= 110 ? 2 : 3;
  const reach = Math.min(width, height * 1.7) / 2;
  const [reachX, reachY] = [reach, Math.min(height / 2, reach)];
  const parts = Array.from({ length: rings }, (_, ring) => 1 - ring * 0.2);
  const around = (Math.PI * (reachX + reachY) * parts.reduce((sum, part) => sum + part, 0)) / outside;
  const radius = Math.max(3, Math.min(around * 0.32, reachY * 0.13, 26));
  const isNamed = outside <= namedMost;
  const edgeX = radius + margin + (isNamed ? nameWidth : 0);
  const edgeY = radius + margin + (isNamed ? labelSpace : 0);
  const middle = Array.from({ length: Math.min(inside, count) }, () => below(width / 2, height / 2));
  const others = spread(outside, parts).map(({ angle, part }) => {
    const [nameX, nameY] = [Math.cos(angle), Math.sin(angle)];
    return {
      x: width / 2 + nameX * (reachX - edgeX) * part,
      y: height / 2 + nameY * (reachY - edgeY) * part,
      nameX,
      nameY,
    };
  });
  return { places: middle.concat(others).slice(0, count), radius };
}

interface Spot {
  readonly angle: number;
  /** Of the way from the middle. */
  readonly part: number;
}

/** As many on each ring as it has room for, evenly, in the order of their angles from the top. */
function spread(count: number, parts: readonly number[]): Spot[] {
  const room = parts.reduce((sum, part) => sum + part, 0);
  const spots: Spot[] = [];
  let before = 0;
  for (const [ring, part] of parts.entries()) {
    const until = ring === parts.length - 1 ? count : Math.round(before + (count * part) / room);
    const step = (2 * Math.PI) / Math.max(1, until - before);
    for (let i = 0; i < until - before; i += 1)
      spots.push({ angle: (i + ring / parts.length) * step - Math.PI / 2, part });
    before = until;
  }
  return spots.toSorted((a, b) => a.angle - b.angle);
}

const below = (x: number, y: number): Place => ({ x, y, nameX: 0, nameY: 1 });
