import { UserError } from '../errors.ts';
import type { NumberArray } from '../random.ts';

/** What chains drew after their burn-in, the input of every diagnostic here. */
export interface ChainDraws {
  /** Row-major: all draws of chain 0 first. */
  readonly data: NumberArray;
  readonly shape: readonly [chains: number, draws: number, dimension: number];
}

/**
 * Checks that draws fill their shape, suffice and are finite.
 * @param needed fewest draws per chain that the diagnostic is defined for.
 * @throws UserError where shape and data disagree, draws are too few, or a value is not finite.
 */
export function checkDraws(diagnostic: string, { data, shape }: ChainDraws, needed: number): void {
  const [chains, draws, dimension] = shape;
  if (!shape.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new UserError(
      `${diagnostic}: shape [${shape.join(', ')}]; chains, draws and dimension are whole numbers of at least 1`,
      { code: 'shape', facts: { diagnostic, shape } },
    );
  }
  if (data.length !== chains * draws * dimension) {
    throw new UserError(
      `${diagnostic}: ${data.length} values do not fill shape [${shape.join(', ')}]`,
      { code: 'shape', facts: { diagnostic, shape, values: data.length } },
    );
  }
  if (draws < needed) {
    throw new UserError(
      `${diagnostic}: ${draws} draws per chain; at least ${needed} are needed, walk further`,
      { facts: { diagnostic, draws, least: needed } },
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const row = Math.floor(bad / dimension);
  throw new UserError(
    `${diagnostic}: chain ${Math.floor(row / draws)}, draw ${row % draws}, coordinate ${bad % dimension} is ${data[bad]}; every draw must be finite`,
    {
      facts: {
        diagnostic,
        chain: Math.floor(row / draws),
        draw: row % draws,
        coordinate: bad % dimension,
        value: data[bad],
      },
    },
  );
}

/** Takes one coordinate of every chain: `chains` arrays of `draws` values. */
export function coordinateOf({ data, shape }: ChainDraws, coordinate: number): Float64Array[] {
  const [chains, draws, dimension] = shape;
  return Array.from({ length: chains }, (_, chain) => {
    const series = new Float64Array(draws);
    const start = chain * draws * dimension + coordinate;
    for (let t = 0; t < draws; t++) series[t] = data[start + t * dimension]!;
    return series;
  });
}

/** Calls `diagnostic` on each coordinate's chains; its values, `[d]`. */
export function perCoordinate(
  draws: ChainDraws,
  diagnostic: (chains: readonly Float64Array[]) => number,
): Float64Array {
  return Float64Array.from({ length: draws.shape[2] }, (_, coordinate) =>
    diagnostic(coordinateOf(draws, coordinate)),
  );
}

/** Takes each chain as two, its first and its last half; an odd chain loses its middle draw. */
export function splitChains(chains: readonly Float64Array[]): Float64Array[] {
  return chains.flatMap((chain) => {
    const half = chain.length >> 1;
    return [chain.subarray(0, half), chain.subarray(chain.length - half)];
  });
}

/** Tells whether all draws of all chains are one value. */
export function isConstant(chains: readonly Float64Array[]): boolean {
  const value = chains[0]![0]!;
  return chains.every((chain) => chain.every((x) => x === value));
}

/** Computes the mean, exact for a constant series, and precise where the values are far from 0. */
export function meanOf(series: ArrayLike<number>): number {
  const origin = series[0]!;
  let sum = 0;
  for (let i = 1; i < series.length; i++) sum += series[i]! - origin;
  return origin + sum / series.length;
}

/** Computes the unbiased variance; 0 for a constant series, to the last bit. */
export function varianceOf(series: ArrayLike<number>): number {
  const mean = meanOf(series);
  let sum = 0;
  for (let i = 0; i < series.length; i++) sum += (series[i]! - mean) ** 2;
  return sum / (series.length - 1);
}
