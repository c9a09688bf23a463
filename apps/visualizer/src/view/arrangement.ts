// Where each peer of a swarm stands. Peer 0 brings the content: it stands in the middle, at the top, or in its place of the
// ring.

export type ArrangementName = 'hub' | 'ring' | 'classic';

export interface Place {
  readonly x: number;
  readonly y: number;
  /** Where its name stands, seen from it: a direction of length 1; of none where there is no room for a name. */
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
  const isCrowded = (Math.PI * (reachX - edgeX + reachY - edgeY)) / outside < nameWidth - 8;
  const others = spread(outside, parts, reachX - edgeX, reachY - edgeY).map(({ angle, part }, i) => {
    const [outX, outY] = [Math.cos(angle), Math.sin(angle)];
    // At the top and below, where names stand side by side, every other one.
    const isNameless = isCrowded && (i % 2 === 1 || i === outside - 1) && Math.abs(outY) > 0.8;
    return {
      x: width / 2 + outX * (reachX - edgeX) * part,
      y: height / 2 + outY * (reachY - edgeY) * part,
      nameX: isNameless ? 0 : outX,
      nameY: isNameless ? 0 : outY,
    };
  });
  return { places: middle.concat(others).slice(0, count), radius };
}

interface Spot {
  readonly angle: number;
  /** Of the way from the middle. */
  readonly part: number;
}

/** As many on each ring as it has room for, equally far from one another, in the order of their angles from the top. */
function spread(count: number, parts: readonly number[], reachX: number, reachY: number): Spot[] {
  const room = parts.reduce((sum, part) => sum + part, 0);
  const angleAt = walk(reachX, reachY);
  const spots: Spot[] = [];
  let before = 0;
  for (const [ring, part] of parts.entries()) {
    const until = ring === parts.length - 1 ? count : Math.round(before + (count * part) / room);
    for (let i = before; i < until; i += 1)
      spots.push({ angle: angleAt((i - before + ring / parts.length) / (until - before)), part });
    before = until;
  }
  return spots.toSorted((a, b) => a.angle - b.angle);
}

/** Where on an ellipse one is after a part of the way around it, from the top: equal angles crowd its narrow ends. */
function walk(reachX: number, reachY: number): (part: number) => number {
  const steps = 720;
  const angleOf = (step: number): number => (2 * Math.PI * step) / steps - Math.PI / 2;
  const ways = [0];
  for (let step = 0; step < steps; step += 1) {
    const angle = angleOf(step + 0.5);
    ways.push(ways[step]! + Math.hypot(reachX * Math.sin(angle), reachY * Math.cos(angle)));
  }
  return (part) => {
    const way = part * ways[steps]!;
    const next = Math.max(
      1,
      ways.findIndex((reached) => reached >= way),
    );
    const [low, high] = [ways[next - 1]!, ways[next]!];
    return angleOf(next - 1 + (way - low) / (high - low));
  };
}

const below = (x: number, y: number): Place => ({ x, y, nameX: 0, nameY: 1 });
