import type { SmoothedDensity } from '../density/index.ts';
import type { ChainDraws } from '../evaluate/index.ts';
import { walkFigure } from './figures.ts';

/** Chains and draws of each that are shown: more would hide the density. */
const CHAINS = 3;
const DRAWS = 120;
/** Points of the grid along each axis. */
const SIZE = 160;

type Limits = readonly [low: number, high: number];

/**
 * Draws the figure of a walk in the plane: contours of p_σ̃, the first chains, and where they
 * jumped.
 */
export function drawWalk(smoothed: SmoothedDensity, ybar: ChainDraws, xhat: ChainDraws): string {
  const shown = Array.from({ length: Math.min(CHAINS, ybar.shape[0]) }, (_, chain) => chain);
  const domain = [limitsOf(ybar, 0), limitsOf(ybar, 1)] as const;
  const logDensity = new Float64Array(SIZE * SIZE);
  smoothed.logDensity(gridOver(domain), logDensity);
  return walkFigure({
    domain,
    logDensity,
    size: SIZE,
    paths: shown.map((chain) => pointsOf(ybar, chain)),
    jumps: shown.flatMap((chain) => pointsOf(xhat, chain)),
  });
}

function pointsOf({ data, shape: [, draws] }: ChainDraws, chain: number): Limits[] {
  return Array.from({ length: Math.min(DRAWS, draws) }, (_, t) => {
    const at = 2 * (chain * draws + t);
    return [data[at]!, data[at + 1]!];
  });
}

/** What the draws span along an axis, and a tenth more on each side. */
function limitsOf({ data }: ChainDraws, axis: number): Limits {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = axis; i < data.length; i += 2) {
    low = Math.min(low, data[i]!);
    high = Math.max(high, data[i]!);
  }
  const margin = 0.1 * (high - low) || 1;
  return [low - margin, high + margin];
}

/** Centres of the cells of a grid over the domain, row by row, `[SIZE², 2]`. */
function gridOver([[x1, x2], [y1, y2]]: readonly [Limits, Limits]): Float64Array {
  const grid = new Float64Array(2 * SIZE * SIZE);
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const at = 2 * (row * SIZE + column);
      grid[at] = x1 + ((column + 0.5) * (x2 - x1)) / SIZE;
      grid[at + 1] = y1 + ((row + 0.5) * (y2 - y1)) / SIZE;
    }
  }
  return grid;
}
