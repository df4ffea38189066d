/** Editing rows that begin with a place of the plane: points and centres of mixtures. */
import { bounds, type Point, thousandths } from './fields.ts';

type Row = readonly [number, number, ...number[]];

/** The row nearest to a place and no farther than `reach`; −1 where there is none. */
export function nearestRow(rows: readonly Row[], [x, y]: Point, reach: number): number {
  let found = -1;
  let least = reach;
  rows.forEach(([a, b], index) => {
    const distance = Math.hypot(a - x, b - y);
    if (distance > least) return;
    least = distance;
    found = index;
  });
  return found;
}

/** The rows with one of them elsewhere. */
export function moveRow<R extends Row>(rows: readonly R[], index: number, to: Point): readonly R[] {
  const place = within(to);
  return rows.map((row, k) => (k === index ? ([...place, ...row.slice(2)] as unknown as R) : row));
}

/** The rows without one of them. */
export const removeRow = <R>(rows: readonly R[], index: number): readonly R[] =>
  rows.filter((_, k) => k !== index);

/** The points and one more, unless it is closer than `gap` to another or there are enough. */
export function addPoint(points: readonly Point[], at: Point, gap = 0): readonly Point[] {
  const place = within(at);
  if (points.length >= bounds.points) return points;
  if (gap > 0 && nearestRow(points, place, gap) >= 0) return points;
  return [...points, place];
}

/** A place as a link holds it, inside of what may be edited. */
export function within([x, y]: Point): Point {
  const clamp = (value: number) =>
    thousandths(Math.min(bounds.place, Math.max(-bounds.place, value)));
  return [clamp(x), clamp(y)];
}

const moves: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * Where a key moves a place, by `step`, or ten of it with the shift key; undefined for another key.
 */
export function keyMove(
  { key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  [x, y]: Point,
  step: number,
): Point | undefined {
  const move = moves[key];
  if (!move) return undefined;
  const length = shiftKey ? 10 * step : step;
  return within([x + length * move[0], y + length * move[1]]);
}

/** A drawing to begin with: a ring of points around two, and an arc. */
export const sampleDrawing: readonly Point[] = [
  ...Array.from({ length: 40 }, (_, k) => within(polar(3.6, (k * Math.PI) / 20))),
  ...[-1.3, 1.3].map((x): Point => [x, 1.2]),
  ...Array.from({ length: 13 }, (_, k) => within(polar(2, Math.PI * (1.18 + 0.64 * (k / 12))))),
];

function polar(radius: number, angle: number): Point {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
