/** The nearest of some places in a direction. Pure. */
export interface Spot {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  depth?: number;
}

const ASIDE = 2.5;
const LEVEL = 20;

/** What lies aside counts as further, and so does what is more deeply within. */
export function nearest<T extends Spot>(from: Spot, among: readonly T[], dx: number, dy: number): T | null {
  let best: T | null = null;
  let least = Infinity;
  const middle = (each: Spot): [number, number] => [each.x + each.w / 2, each.y + each.h / 2];
  const [fx, fy] = middle(from);
  for (const each of among) {
    if (each.id === from.id) continue;
    const [x, y] = middle(each);
    const ahead = (x - fx) * dx + (y - fy) * dy;
    const aside = Math.abs((x - fx) * dy) + Math.abs((y - fy) * dx);
    if (ahead <= 4) continue;
    const far = ahead + aside * ASIDE + Math.abs((each.depth ?? 0) - (from.depth ?? 0)) * LEVEL;
    if (far < least) [best, least] = [each, far];
  }
  return best;
}
