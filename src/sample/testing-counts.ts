/** What the tests of walks on counts share: a Poisson mixture in closed form, its lattice, χ². */
import type { CountTarget } from './kernel.ts';

/** x is one of `points` with the given weights; y_l ~ Poisson(λ x_l). */
export interface PoissonMixture {
  readonly rate: number;
  readonly weights: readonly number[];
  readonly points: readonly (readonly number[])[];
}

/** log y!, as a sum. */
export function logFactorialSum(y: number): number {
  let sum = 0;
  for (let k = 2; k <= y; k++) sum += Math.log(k);
  return sum;
}

export function poissonProbability(y: number, mean: number): number {
  return Math.exp(y * Math.log(mean) - mean - logFactorialSum(y));
}

/** w_k p(y | x_k) of every component. */
function terms({ rate, weights, points }: PoissonMixture, y: readonly number[]): number[] {
  return points.map((x, k) =>
    y.reduce((p, count, l) => p * poissonProbability(count, rate * x[l]!), weights[k]!),
  );
}

/** p(y). */
export function probability(mixture: PoissonMixture, y: readonly number[]): number {
  return terms(mixture, y).reduce((sum, term) => sum + term, 0);
}

/** x̂(y), as the posterior mean: no ratio p(y + e)/p(y) in it. */
export function posteriorMean(mixture: PoissonMixture, y: readonly number[]): number[] {
  const parts = terms(mixture, y);
  const total = parts.reduce((sum, part) => sum + part, 0);
  return y.map((_, l) =>
    parts.reduce((sum, part, k) => sum + (part / total) * mixture.points[k]![l]!, 0),
  );
}

export function mixtureCountTarget(mixture: PoissonMixture): CountTarget {
  const dimension = mixture.points[0]!.length;
  const known = new Map<string, number[]>();
  return {
    dimension,
    rate: mixture.rate,
    async estimate(y, out) {
      for (let row = 0; row < y.length; row += dimension) {
        const counts = [...y.subarray(row, row + dimension)];
        const key = counts.join();
        if (!known.has(key)) known.set(key, posteriorMean(mixture, counts));
        out.set(known.get(key)!, row);
      }
    },
  };
}

/** Two places in the plane, near enough for the walk to pass between them. */
export const twoPlaces: PoissonMixture = {
  rate: 2,
  weights: [0.4, 0.6],
  points: [
    [0.5, 2],
    [2, 1],
  ],
};

/** (χ² − df)/√(2 df) of counts against probabilities; cells expecting fewer than 10 are merged. */
export function chiSquare(counts: ArrayLike<number>, p: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  let [sum, cells] = [0, 0];
  let [rareCount, rareExpected] = [0, 0];
  const add = (count: number, expected: number) => {
    sum += (count - expected) ** 2 / expected;
    cells += 1;
  };
  for (let i = 0; i < counts.length; i++) {
    const expected = total * p[i]!;
    if (expected >= 10) add(counts[i]!, expected);
    else {
      rareCount += counts[i]!;
      rareExpected += expected;
    }
  }
  if (rareExpected > 0) add(rareCount, rareExpected);
  return (sum - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}
