/** What a network has learned of a density of the plane, beside what is known of it exactly. */
import { sampleSmoothed } from '../../../src/density/density.ts';
import { randomKey } from '../../../src/random.ts';
import type { PlaneTarget } from '../../target/density.ts';
import { type Arrow, arrowGrid, scoreArrows } from '../../target/field.ts';
import type { Point } from '../../target/fields.ts';

/** Jumps that are drawn, and draws of ȳ for the error of the score and for the least loss. */
const [JUMPS, CHECKS, DRAWS] = [72, 2000, 20_000];
/** Draws of x and ȳ are the same whatever the seed of the training, and unrelated to it. */
const STREAM = 0xc0;

/** A line ȳ → ν(ȳ). */
export type JumpLine = readonly [ybar: Point, xhat: Point];

/** What the network is asked, and what is known of the answer. */
export interface Questions {
  readonly sigma: number;
  readonly radius: number;
  /** All places that ν is wanted at, `[n, 2]`: the grid, then draws of ȳ. */
  readonly places: Float32Array<ArrayBuffer>;
  /** Places of arrows, `[n, 2]`. */
  readonly grid: Float64Array;
  /** Draws of ȳ and the exact ν there, `[n, 2]`. */
  readonly ybar: Float64Array;
  readonly exact: Float64Array;
  /** E‖x − ν(ȳ)‖² of the exact ν, over the draws: no network has a smaller loss. */
  readonly leastLoss: number;
}

/** What came back. */
export interface Learned {
  readonly arrows: readonly Arrow[];
  readonly jumps: readonly JumpLine[];
  /** Error of the score, √(E‖s_θ − s‖² / E‖s‖²) over draws of ȳ. */
  readonly scoreError: number;
  /** E‖ν_θ − ν‖², by which the loss is above its least. */
  readonly excess: number;
}

/** Questions about a density at σ̃. */
export function questionsOf(
  { density }: PlaneTarget,
  { sigma, radius }: { readonly sigma: number; readonly radius: number },
): Questions {
  const { x, ybar: all } = sampleSmoothed(density, sigma, randomKey(STREAM), DRAWS);
  const nu = new Float64Array(all.length);
  density.smooth(sigma).denoise(all, nu);
  const [ybar, exact] = [all.slice(0, 2 * CHECKS), nu.slice(0, 2 * CHECKS)];
  const grid = arrowGrid(radius);
  const places = new Float32Array(grid.length + ybar.length);
  places.set(grid);
  places.set(ybar, grid.length);
  return { sigma, radius, places, grid, ybar, exact, leastLoss: 2 * meanSquare(x, nu) };
}

/** The answers ν_θ, `[n, 2]`, at the places of the questions. */
export function learnedFrom(questions: Questions, nu: Float32Array): Learned {
  const { grid, ybar, exact } = questions;
  const own = Float64Array.from(nu.subarray(grid.length));
  const excess = 2 * meanSquare(own, exact);
  return {
    arrows: arrowsFrom(questions, Float64Array.from(nu.subarray(0, grid.length))),
    jumps: jumpLines(ybar, own),
    scoreError: Math.sqrt(excess / (2 * meanSquare(exact, ybar))),
    excess,
  };
}

/** Arrows of the score (ν(z) − z)/σ̃² at the grid. */
function arrowsFrom({ grid, sigma, radius }: Questions, nu: Float64Array): readonly Arrow[] {
  const score = nu.map((value, i) => (value - grid[i]!) / sigma ** 2);
  return scoreArrows(grid, score, sigma, radius);
}

const jumpLines = (ybar: Float64Array, xhat: Float64Array): readonly JumpLine[] =>
  Array.from({ length: JUMPS }, (_, k): JumpLine => [pointAt(ybar, k), pointAt(xhat, k)]);

const pointAt = (values: Float64Array, k: number): Point => [values[2 * k]!, values[2 * k + 1]!];

function meanSquare(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;
}
