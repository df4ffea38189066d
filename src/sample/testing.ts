/**
 * What the tests of kernels share: targets in closed form, exact recursions, noise made to order.
 */
import { Matrix, solve } from 'ml-matrix';
import { fillNormal, fillUniform, randomKey } from '../random.ts';
import type { Kernel, KernelParameters, State, Target } from './kernel.ts';
import { type ChainNoise, chainNoise, stream } from './noise.ts';

/** A target that has a log-density. */
export type ExactTarget = Required<Target>;

/** Independent Gaussians of the given variances, mean 0. */
export function gaussian(variances: readonly number[]): ExactTarget {
  const d = variances.length;
  return {
    dimension: d,
    async score(y, out) {
      for (let i = 0; i < y.length; i++) out[i] = -y[i]! / variances[i % d]!;
    },
    async logDensity(y, out) {
      out.fill(0);
      for (let i = 0; i < y.length; i++) {
        out[Math.floor(i / d)]! -= y[i]! ** 2 / (2 * variances[i % d]!);
      }
    },
  };
}

/** A mixture of round Gaussians in one dimension. */
export interface Mixture {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Two modes of different weight and width, close enough for chains to pass between them. */
export const twoModes: Mixture = {
  weights: [0.35, 0.65],
  means: [-1.5, 1],
  deviations: [0.6, 0.9],
};

/** log p and its derivative at one point. */
export function mixtureAt(mixture: Mixture, y: number): readonly [number, number] {
  let p = 0;
  let slope = 0;
  mixture.weights.forEach((weight, k) => {
    const s = mixture.deviations[k]!;
    const r = (y - mixture.means[k]!) / s;
    const term = (weight * Math.exp((-r * r) / 2)) / (s * Math.sqrt(2 * Math.PI));
    p += term;
    slope -= (term * r) / s;
  });
  return [Math.log(p), slope / p];
}

export function mixtureTarget(mixture: Mixture): ExactTarget {
  return {
    dimension: 1,
    async score(y, out) {
      for (let i = 0; i < y.length; i++) out[i] = mixtureAt(mixture, y[i]!)[1];
    },
    async logDensity(y, out) {
      for (let i = 0; i < y.length; i++) out[i] = mixtureAt(mixture, y[i]!)[0];
    },
  };
}

/**
 * Functions whose means tell a wrong law: location, spread, the balance of the modes, the trough.
 */
export const statistics: readonly ((y: number) => number)[] = [
  (y) => y,
  (y) => y * y,
  (y) => (y > -0.4 ? 1 : 0),
  (y) => (Math.abs(y + 0.4) < 0.4 ? 1 : 0),
  (y) => (y > 2 ? 1 : 0),
];

/**
 * E f(y), by the rectangle rule on a grid of 1/2000, which also resolves the edges of `statistics`.
 */
export function mixtureMean(mixture: Mixture, f: (y: number) => number): number {
  const cell = 1 / 2000;
  let sum = 0;
  for (let y = -12 + cell / 2; y < 12; y += cell) sum += f(y) * Math.exp(mixtureAt(mixture, y)[0]);
  return sum * cell;
}

/** Exact draws of the mixture. */
export function mixtureDraws(mixture: Mixture, seed: number, n: number): Float32Array {
  const out = new Float32Array(n);
  const which = new Float32Array(n);
  fillNormal(randomKey(seed, 0), 0, out);
  fillUniform(randomKey(seed, 1), 0, which);
  for (let i = 0; i < n; i++) {
    let k = 0;
    for (let left = which[i]! - mixture.weights[0]!; left > 0; left -= mixture.weights[k]!) k += 1;
    out[i] = mixture.means[k]! + mixture.deviations[k]! * out[i]!;
  }
  return out;
}

/** No noise at all. */
export function silence(chains: number): ChainNoise {
  return { chains, normal: (_, __, out) => out.fill(0), uniform: (_, __, out) => out.fill(0.5) };
}

/** One linear step z' = A z + G ξ, taken with probability `weight`; `noise` is G Gᵀ. */
export interface LinearStep {
  readonly weight: number;
  readonly matrix: readonly (readonly number[])[];
  readonly noise: readonly (readonly number[])[];
}

/**
 * Σ with Σ = E(A Σ Aᵀ + G Gᵀ), the covariance that a linear recursion keeps: n² linear equations,
 * (I − E A⊗A) vec Σ = vec E G Gᵀ, solved densely.
 */
export function stationaryCovariance(steps: readonly LinearStep[]): number[][] {
  const n = steps[0]!.matrix.length;
  const noise = Matrix.zeros(n * n, 1);
  for (const step of steps) {
    noise.add(new Matrix(step.noise.flat().map((value) => [step.weight * value])));
  }
  const vec = solve(Matrix.eye(n * n).sub(secondMoments(steps)), noise).to1DArray();
  return Array.from({ length: n }, (_, i) => vec.slice(i * n, (i + 1) * n));
}

/** E A⊗A: the recursion is stable in mean square while its spectral radius is below 1. */
export function secondMoments(steps: readonly LinearStep[]): Matrix {
  const n = steps[0]!.matrix.length;
  const sum = Matrix.zeros(n * n, n * n);
  for (const step of steps) {
    const a = new Matrix(step.matrix.map((row) => [...row]));
    sum.add(a.kroneckerProduct(a).mul(step.weight));
  }
  return sum;
}

/** Spectral radius of a matrix, by squaring it ‖A^(2^k)‖^(1/2^k). */
export function spectralRadius(matrix: Matrix): number {
  let power = matrix;
  let log = 0;
  const squarings = 40;
  for (let k = 0; k < squarings; k++) {
    const norm = power.norm();
    if (norm === 0) return 0;
    log += Math.log(norm) / 2 ** k;
    power = Matrix.div(power, norm);
    power = power.mmul(power);
  }
  return Math.exp(log);
}

/** G Gᵀ of columns G. */
export function gram(...columns: readonly (readonly number[])[]): number[][] {
  const n = columns[0]!.length;
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => columns.reduce((sum, g) => sum + g[i]! * g[j]!, 0)),
  );
}

/** Most noise arrays that a kernel draws in a step. */
const MOST_DRAWS = 4;

const unit = (length: number, at: number) => Float32Array.from({ length }, (_, i) => +(i === at));

/**
 * What one step of a kernel does to one coordinate of a Gaussian, measured on the kernel itself:
 * chains are started at unit vectors of (y, v), or with a unit of one noise array.
 *
 * @param alpha what uniform numbers are.
 */
export async function measuredStep(
  kernel: Kernel<State & { readonly velocity: Float32Array }>,
  variance: number,
  parameters: KernelParameters,
  alpha = 0.5,
): Promise<LinearStep> {
  const chains = 2 + MOST_DRAWS;
  const noise: ChainNoise = {
    chains,
    // Chain 2 + k has a unit of the k-th noise array.
    normal: (purpose, _, out) => {
      out.fill(0);
      if (purpose >= stream.step) out[2 + purpose - stream.step] = 1;
    },
    uniform: (_, __, out) => out.fill(alpha),
  };
  const walk = kernel.start(gaussian([variance]), parameters, noise);
  const state = await walk.init(unit(chains, 0));
  state.velocity.set(unit(chains, 1));
  await walk.step(state);
  const column = (k: number) => [state.position[k]!, state.velocity[k]!];
  const [a, b] = [column(0), column(1)];
  return {
    weight: 1,
    matrix: [
      [a[0]!, b[0]!],
      [a[1]!, b[1]!],
    ],
    noise: gram(...Array.from({ length: MOST_DRAWS }, (_, k) => column(2 + k))),
  };
}

/** Nodes and weights of Gauss–Legendre quadrature on (0, 1), by Newton's method on P_n. */
export function gaussLegendre(n: number): { readonly at: number; readonly weight: number }[] {
  return Array.from({ length: n }, (_, k) => {
    let x = Math.cos((Math.PI * (k + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let iteration = 0; iteration < 50; iteration++) {
      let [last, p] = [1, x];
      for (let m = 2; m <= n; m++) [last, p] = [p, ((2 * m - 1) * x * p - (m - 1) * last) / m];
      slope = (n * (x * p - last)) / (x * x - 1);
      x -= p / slope;
    }
    return { at: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

/**
 * Second moments of `columns` over chains, each against `exact` in standard errors of independent
 * Gaussian draws: √((Σ_ii Σ_jj + Σ_ij²)/n). Returns the largest departure.
 */
export function worstMoment(
  columns: readonly ArrayLike<number>[],
  exact: readonly (readonly number[])[],
): number {
  const n = columns[0]!.length;
  let worst = 0;
  for (let i = 0; i < columns.length; i++) {
    for (let j = 0; j <= i; j++) {
      let moment = 0;
      for (let c = 0; c < n; c++) moment += (columns[i]![c]! * columns[j]![c]!) / n;
      const error = Math.sqrt((exact[i]![i]! * exact[j]![j]! + exact[i]![j]! ** 2) / n);
      worst = Math.max(worst, Math.abs(moment - exact[i]![j]!) / error);
    }
  }
  return worst;
}

/**
 * How far the walk of a kernel on `twoModes` is from the exact law: the largest departure of the
 * means of `statistics`, in standard errors, over independent chains started at exact draws.
 */
export async function mixtureDeparture(
  kernel: Kernel,
  parameters: KernelParameters,
  { chains, steps, seed }: { chains: number; steps: number; seed: number },
): Promise<number> {
  const walk = kernel.start(mixtureTarget(twoModes), parameters, chainNoise(seed, chains));
  const state = await walk.init(mixtureDraws(twoModes, seed, chains));
  for (let k = 0; k < steps; k++) await walk.step(state);
  let worst = 0;
  for (const f of statistics) {
    const exact = mixtureMean(twoModes, f);
    const variance = mixtureMean(twoModes, (y) => (f(y) - exact) ** 2);
    let mean = 0;
    for (const y of state.position) mean += f(y) / chains;
    worst = Math.max(worst, Math.abs(mean - exact) / Math.sqrt(variance / chains));
  }
  return worst;
}

/** Order p of an error ~ h^p from its sizes at h and h/2. */
export function order(atStep: number, atHalf: number): number {
  return Math.log2(Math.abs(atStep / atHalf));
}

/**
 * Long chains of a kernel on `twoModes`, started far from its law (all at 0): the largest departure
 * of the means of `statistics` in standard errors σ_f/√ESS, where the effective sample size comes
 * from the spread of the means of independent chains, ESS = Var f · chains / Var(chain mean).
 */
export async function unbiased(
  kernel: Kernel,
  parameters: KernelParameters,
  size: { chains: number; steps: number; burnIn: number; seed: number },
): Promise<{ readonly worst: number; readonly effectiveSamples: number }> {
  const { chains, steps, burnIn, seed } = size;
  const walk = kernel.start(mixtureTarget(twoModes), parameters, chainNoise(seed, chains));
  const state = await walk.init(new Float32Array(chains));
  const means = statistics.map(() => new Float64Array(chains));
  for (let k = 0; k < burnIn + steps; k++) {
    await walk.step(state);
    if (k < burnIn) continue;
    statistics.forEach((f, s) => {
      for (let c = 0; c < chains; c++) means[s]![c]! += f(state.position[c]!) / steps;
    });
  }
  let worst = 0;
  let effectiveSamples = Number.POSITIVE_INFINITY;
  statistics.forEach((f, s) => {
    const exact = mixtureMean(twoModes, f);
    const variance = mixtureMean(twoModes, (y) => (f(y) - exact) ** 2);
    const mean = means[s]!.reduce((sum, value) => sum + value, 0) / chains;
    const spread = means[s]!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (chains - 1);
    const ess = (variance * chains) / spread;
    worst = Math.max(worst, Math.abs(mean - exact) / Math.sqrt(variance / ess));
    effectiveSamples = Math.min(effectiveSamples, ess);
  });
  return { worst, effectiveSamples };
}
