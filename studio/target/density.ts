/** The density that a choice of target stands for, and what is known of it exactly. */
import type { Density } from '../../src/density/density.ts';
import { empirical } from '../../src/density/empirical.ts';
import { type MixtureDensity, mixture } from '../../src/density/mixture.ts';
import { findTarget } from '../../src/density/targets.ts';
import type { Centre, Point, TargetChoice } from './fields.ts';

/** A density of the plane with what is needed to show it. */
export interface PlaneTarget {
  readonly density: Density;
  /** The density of the first coordinate of x alone. */
  readonly first: Density;
  /**
   * Means of the components or the points themselves, `[n, 2]`: the density peaks near some of
   * them.
   */
  readonly peaks: Float64Array;
  /** Mean, `[2]`, and covariance, `[2][2]`, of x. */
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

const radii: Readonly<Record<string, number>> = {
  'two-moons': 4.5,
  checkerboard: 5.5,
  funnel: 10,
};
const RADIUS = 6;

/**
 * The density of a choice; undefined for a drawing without a point or a mixture without a centre.
 */
export function planeTarget({ target, points, centres }: TargetChoice): PlaneTarget | undefined {
  if (target === 'points') return points.length === 0 ? undefined : ofPoints(points);
  if (target === 'mixture') {
    return centres.length === 0 ? undefined : ofMixture(ownMixture(centres));
  }
  return ofMixture(findTarget(target));
}

/**
 * Half the side of the square around the origin that shows a density smoothed by σ̃, in the unit of
 * x, also where there is nothing to show yet: as without noise, and wider once noise reaches its
 * edge.
 */
export function radiusOf(target: string, sigma: number): number {
  const clean = radii[target] ?? RADIUS;
  return Math.max(clean, Math.hypot(0.7 * clean, 4.2 * sigma));
}

/** Round components with their weights brought to a sum of one. */
function ownMixture(centres: readonly Centre[]): MixtureDensity {
  const total = centres.reduce((sum, [, , weight]) => sum + weight, 0);
  return mixture({
    weights: centres.map(([, , weight]) => weight / total),
    means: centres.map(([x, y]) => [x, y]),
    covariances: centres.map(([, , , spread]) => [
      [spread * spread, 0],
      [0, spread * spread],
    ]),
  });
}

function ofPoints(points: readonly Point[]): PlaneTarget {
  const peaks = Float64Array.from(points.flat());
  const weights = points.map(() => 1 / points.length);
  return {
    density: empirical(peaks, 2),
    first: empirical(
      Float64Array.from(points, ([x]) => x),
      1,
    ),
    peaks,
    ...moments(weights, points),
  };
}

function ofMixture(density: MixtureDensity): PlaneTarget {
  const { weights, means, covariances } = density;
  return {
    density,
    first: mixture({
      weights,
      means: means.map(([x]) => [x!]),
      covariances: covariances.map((matrix) => [[matrix[0]![0]!]]),
    }),
    peaks: Float64Array.from(means.flat()),
    ...moments(weights, means, covariances),
  };
}

/** Mean and covariance of Σ w_k N(μ_k, C_k): covariance within components and between them. */
function moments(
  weights: readonly number[],
  means: readonly (readonly number[])[],
  covariances?: readonly (readonly (readonly number[])[])[],
): Pick<PlaneTarget, 'mean' | 'covariance'> {
  const sum = (term: (k: number) => number) =>
    weights.reduce((total, weight, k) => total + weight * term(k), 0);
  const mean = [0, 1].map((i) => sum((k) => means[k]![i]!));
  const covariance = [0, 1].map((i) =>
    [0, 1].map((j) =>
      sum(
        (k) =>
          (covariances?.[k]?.[i]?.[j] ?? 0) +
          (means[k]![i]! - mean[i]!) * (means[k]![j]! - mean[j]!),
      ),
    ),
  );
  return { mean, covariance };
}

/** The JSON form that `mdensity walk --density` reads, of a target that has no name there. */
export function densityJson({ target, points, centres }: TargetChoice): string | undefined {
  if (target === 'points') return JSON.stringify({ type: 'empirical', points });
  if (target !== 'mixture' || centres.length === 0) return undefined;
  const { type, weights, means, covariances } = ownMixture(centres);
  return JSON.stringify({ type, weights, means, covariances });
}
