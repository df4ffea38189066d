/** A smoothed density on a grid of the plane, its contours, and its score. */
import { contours } from 'd3-contour';
import type { SmoothedDensity } from '../../src/density/density.ts';
import type { PlaneTarget } from './density.ts';

/** Cells along a side at rest. */
export const FINE = 208;
/** Most cells along a side, and components evaluated in all, while something is dragged. */
const COARSE = 72;
const COARSE_WORK = 300_000;
/** Arrows along a side. */
const ARROWS = 21;

/**
 * Contours are where −log p has risen by t²/2 from its least: for a Gaussian the ellipses at t
 * standard deviations, evenly spaced.
 */
export const levels: readonly number[] = [4, 3.5, 3, 2.5, 2, 1.6, 1.2, 0.8, 0.4];

/** A closed line, or several, of places in the plane. */
export type Rings = readonly (readonly (readonly [number, number])[])[];

export interface FieldPicture {
  readonly radius: number;
  /** What lies above each of `levels`, outermost first. */
  readonly regions: readonly Rings[];
  readonly arrows: readonly Arrow[];
}

/** An arrow of the score in the plane. */
export interface Arrow {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Cells along a side that leave time for a frame, fewer the more components there are. */
export function coarseSize({ peaks }: PlaneTarget): number {
  return Math.max(40, Math.min(COARSE, Math.floor(Math.sqrt(COARSE_WORK / (peaks.length / 2)))));
}

/** Contours and arrows of p_σ̃, from `size`² values of its logarithm. */
export function fieldPicture(
  target: PlaneTarget,
  { sigma, radius }: { readonly sigma: number; readonly radius: number },
  size: number,
): FieldPicture {
  const smoothed = target.density.smooth(sigma);
  return {
    radius,
    regions: regionsOf(smoothed, target.peaks, { radius, size }),
    arrows: arrowsOf(smoothed, radius),
  };
}

/** What contours need of a density: log p at places of the plane, `[n, 2]`. */
type Heights = Pick<SmoothedDensity, 'logDensity'>;

/**
 * What lies above each of `levels` below the highest of the grid and of `peaks` `[n, 2]`, in the
 * square of half side `radius`.
 */
export function regionsOf(
  smoothed: Heights,
  peaks: Float64Array,
  { radius, size }: { readonly radius: number; readonly size: number },
): readonly Rings[] {
  // One more cell on each side, so that lines leave the picture and do not run along its edge.
  const side = size + 2;
  const cell = (2 * radius) / size;
  const at = (index: number) => -radius + (index - 0.5) * cell;
  const values = new Float64Array(side * side);
  smoothed.logDensity(gridOf(side, at), values);
  const heights = new Float64Array(peaks.length / 2);
  smoothed.logDensity(peaks, heights);
  const most = Math.max(greatest(values), greatest(heights));
  // d3-contour puts the value of cell i at i + 1/2.
  const place = ([i, j]: readonly number[]): [number, number] => [at(i! - 0.5), at(j! - 0.5)];
  return contours()
    .size([side, side])
    .thresholds(levels.map((t) => most - (t * t) / 2))(values as unknown as number[])
    .map(({ coordinates }) => coordinates.flat().map((ring) => ring.map(place)));
}

/** Places of a square grid, row by row from the lowest y. */
function gridOf(side: number, at: (index: number) => number): Float64Array {
  const grid = new Float64Array(2 * side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const to = 2 * (row * side + column);
      grid[to] = at(column);
      grid[to + 1] = at(row);
    }
  }
  return grid;
}

function greatest(values: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > most) most = value;
  return most;
}

function arrowsOf(smoothed: SmoothedDensity, radius: number): readonly Arrow[] {
  const grid = arrowGrid(radius);
  const score = new Float64Array(grid.length);
  smoothed.score(grid, score);
  return scoreArrows(grid, score, smoothed.sigma, radius);
}

const spacingOf = (radius: number) => (2 * radius) / ARROWS;

/** Places of the arrows in the square of half side `radius`, `[n, 2]`. */
export const arrowGrid = (radius: number): Float64Array =>
  gridOf(ARROWS, (index) => -radius + (index + 0.5) * spacingOf(radius));

/**
 * Arrows of a score `[n, 2]` at the places of `arrowGrid`. With u = σ̃‖∇ log p‖, which has no unit,
 * an arrow is u/(1 + u) of the spacing long: half of it where the jump ν(z) − z is one σ̃.
 */
export function scoreArrows(
  grid: Float64Array,
  score: Float64Array,
  sigma: number,
  radius: number,
): readonly Arrow[] {
  const spacing = spacingOf(radius);
  const arrows: Arrow[] = [];
  for (let k = 0; k < grid.length; k += 2) {
    const length = Math.hypot(score[k]!, score[k + 1]!);
    const u = sigma * length;
    const scale = (0.92 * spacing * u) / (1 + u) / length;
    if (!(scale * length > 0.04 * spacing)) continue;
    const half = [(scale * score[k]!) / 2, (scale * score[k + 1]!) / 2] as const;
    const [x, y] = [grid[k]!, grid[k + 1]!];
    arrows.push({ from: [x - half[0], y - half[1]], to: [x + half[0], y + half[1]] });
  }
  return arrows;
}
