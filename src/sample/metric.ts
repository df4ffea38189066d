/** A metric: coordinates in which a walk moves, so that all directions keep pace. */
import { UserError } from '../errors.ts';
import { checkedWalk } from './find-kernel.ts';
import type { Kernel, KernelParameters, Target, Walk } from './kernel.ts';
import type { ChainNoise } from './noise.ts';

/**
 * y = A z with an invertible A, on every row of d numbers. Walking z with the mass that a kernel
 * has is walking y with inverse mass u A Aᵀ, so every kernel takes a metric, also one of one's own.
 */
export interface Metric {
  /** d. */
  readonly dimension: number;
  /** Writes A⁻¹y of every row; `out` may be `y`. */
  toWalk(y: Float32Array, out: Float32Array): void;
  /** Writes A z of every row; `out` may be `z`. */
  fromWalk(z: Float32Array, out: Float32Array): void;
  /** Writes Aᵀψ of every row, the score of z; `out` may be `score`. */
  pull(score: Float32Array, out: Float32Array): void;
}

/**
 * Makes a metric of u_i along coordinates, or along the directions of a basis: A = Bᵀ diag(√u).
 *
 * @param inverseMasses u, `[d]`, above 0.
 * @param basis rows of an orthonormal basis, `[d, d]`: principal components, for one.
 *
 * @throws UserError for numbers that are not above 0, or a basis of another size or not
 *   orthonormal.
 */
export function metricOf(inverseMasses: ArrayLike<number>, basis?: ArrayLike<number>): Metric {
  const d = inverseMasses.length;
  const scales = Float64Array.from(inverseMasses, Math.sqrt);
  const bad = scales.findIndex((scale) => !(scale > 0 && Number.isFinite(scale)));
  if (bad >= 0 || d === 0) {
    throw new UserError(
      `metric: the inverse mass [${bad}] is ${inverseMasses[bad]}; give finite numbers above 0`,
      { facts: { option: 'metric', index: bad, value: inverseMasses[bad] } },
    );
  }
  if (!basis) {
    const each =
      (of: (value: number, scale: number) => number) => (from: Float32Array, out: Float32Array) => {
        for (let i = 0; i < from.length; i++) out[i] = of(from[i]!, scales[i % d]!);
      };
    const times = each((value, scale) => value * scale);
    return {
      dimension: d,
      toWalk: each((value, scale) => value / scale),
      fromWalk: times,
      pull: times,
    };
  }
  checkBasis(basis, d);
  const work = new Float64Array(d);
  /** Coefficients of a row along the basis, each times a power of its scale. */
  const along = (power: 1 | -1) => (from: Float32Array, out: Float32Array) => {
    for (let row = 0; row < from.length; row += d) {
      for (let k = 0; k < d; k++) {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += basis[k * d + i]! * from[row + i]!;
        work[k] = power === 1 ? sum * scales[k]! : sum / scales[k]!;
      }
      out.set(work, row);
    }
  };
  return {
    dimension: d,
    toWalk: along(-1),
    pull: along(1),
    fromWalk(z, out) {
      for (let row = 0; row < z.length; row += d) {
        work.fill(0);
        for (let k = 0; k < d; k++) {
          const value = z[row + k]! * scales[k]!;
          for (let i = 0; i < d; i++) work[i]! += basis[k * d + i]! * value;
        }
        out.set(work, row);
      }
    },
  };
}

function checkBasis(basis: ArrayLike<number>, d: number): void {
  const refuse = (problem: string) =>
    new UserError(`metric: the basis ${problem}; give orthonormal rows [${d}, ${d}]`, {
      code: 'shape',
      facts: { option: 'metric', length: basis.length, dimension: d },
    });
  if (basis.length !== d * d) throw refuse(`has ${basis.length} numbers`);
  for (let k = 0; k < d; k++) {
    for (const other of [k, (k + 1) % d]) {
      let product = 0;
      for (let i = 0; i < d; i++) product += basis[k * d + i]! * basis[other * d + i]!;
      if (!(Math.abs(product - (other === k ? 1 : 0)) < 1e-4)) {
        throw refuse(`is not orthonormal in row ${k}`);
      }
    }
  }
}

/** How a metric is made from the variances of the data. */
export interface MetricOptions {
  /** σ̃ of the class that is walked. */
  readonly sigma: number;
  /** α: 1 evens out a Gaussian, 0 changes nothing. Default 1. */
  readonly tempering?: number;
}

/**
 * Computes inverse masses u_i = (1 + λ_i/σ̃²)^α from variances λ_i of x: 1 where the data have no
 * variance. On a Gaussian at α = 1 every direction has one pace and the steps that are stable are
 * those without a metric. Elsewhere, where the posterior is certain of a direction, its curvature
 * is 1/σ̃² however wide it is overall; a smaller α is safer, or a smaller step.
 *
 * @throws UserError for variances that are negative, or numbers that are no noise or tempering.
 */
export function temperedMasses(
  variances: ArrayLike<number>,
  { sigma, tempering = 1 }: MetricOptions,
): Float64Array {
  const masses = Float64Array.from(variances, (value) => (1 + value / sigma ** 2) ** tempering);
  const bad = [...masses.keys()].find((i) => !(variances[i]! >= 0 && Number.isFinite(masses[i])));
  if (bad === undefined) return masses;
  throw new UserError(
    `metric: variance [${bad}] is ${variances[bad]} at sigma ${sigma} and tempering ${tempering}; give variances of 0 or more and finite numbers`,
    { facts: { option: 'metric', index: bad, sigma, tempering } },
  );
}

/**
 * Begins the walk of a kernel, its answers checked, in a metric if there is one. Positions of its
 * States are those of y; other arrays of a State are the kernel's own, in the metric's coordinates.
 *
 * @throws UserError (`mismatch`) for a metric of another dimension than the target's rows.
 */
export function startWalk(
  kernel: Kernel,
  target: Target,
  parameters: KernelParameters,
  noise: ChainNoise,
  metric?: Metric,
): Walk {
  if (!metric) return checkedWalk(kernel.name, kernel.start(target, parameters, noise));
  if (target.dimension % metric.dimension !== 0) {
    throw new UserError(
      `metric: is of ${metric.dimension} dimensions, and this walk of ${target.dimension}; give the metric of this data set`,
      {
        code: 'mismatch',
        facts: { option: 'metric', dimension: metric.dimension, target: target.dimension },
      },
    );
  }
  const walk = checkedWalk(
    kernel.name,
    kernel.start(through(target, metric, noise), parameters, noise),
  );
  return {
    async init(position) {
      const z = new Float32Array(position.length);
      metric.toWalk(position, z);
      const state = await walk.init(z);
      metric.fromWalk(state.position, state.position);
      return state;
    },
    async step(state) {
      metric.toWalk(state.position, state.position);
      try {
        return await walk.step(state);
      } finally {
        metric.fromWalk(state.position, state.position);
      }
    },
  };
}

/** The density of z = A⁻¹y, up to the constant |A|. */
function through(target: Target, metric: Metric, { chains }: ChainNoise): Target {
  const y = new Float32Array(chains * target.dimension);
  return {
    dimension: target.dimension,
    async score(z, out) {
      metric.fromWalk(z, y);
      await target.score(y, out);
      metric.pull(out, out);
    },
    ...(target.logDensity && {
      async logDensity(z: Float32Array, out: Float64Array) {
        metric.fromWalk(z, y);
        await target.logDensity!(y, out);
      },
    }),
  };
}
