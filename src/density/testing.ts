/** Densities at random and brute-force references, for the tests of this folder. */
import fc from 'fast-check';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { MixtureParameters } from './mixture.ts';

const coordinate = fc.double({ min: -3, max: 3, noNaN: true });

/** A positive definite matrix: A Aᵀ + 0.1 I for a random A. */
function covariances(d: number): fc.Arbitrary<number[][]> {
  const entry = fc.double({ min: -1.5, max: 1.5, noNaN: true });
  return fc.array(entry, { minLength: d * d, maxLength: d * d }).map((a) =>
    Array.from({ length: d }, (_, i) =>
      Array.from({ length: d }, (_, j) => {
        let sum = i === j ? 0.1 : 0;
        for (let k = 0; k < d; k++) sum += a[Math.max(i, j) * d + k]! * a[Math.min(i, j) * d + k]!;
        return sum;
      }),
    ),
  );
}

/** Mixtures of 1 to 3 components with full covariances in R^d. */
export function mixtures(d: number): fc.Arbitrary<MixtureParameters> {
  return fc.integer({ min: 1, max: 3 }).chain((k) =>
    fc
      .record({
        raw: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: k, maxLength: k }),
        means: fc.array(fc.array(coordinate, { minLength: d, maxLength: d }), {
          minLength: k,
          maxLength: k,
        }),
        covariances: fc.array(covariances(d), { minLength: k, maxLength: k }),
      })
      .map(({ raw, ...rest }) => {
        const total = raw.reduce((sum, w) => sum + w, 0);
        return { weights: raw.map((w) => w / total), ...rest };
      }),
  );
}

/** A mixture, the noise σ_m of 1 to 4 measurements, and measurements near it. */
export const measuredMixtures = fc
  .record({ d: fc.integer({ min: 1, max: 3 }), measurements: fc.integer({ min: 1, max: 4 }) })
  .chain(({ d, measurements }) =>
    fc.record({
      d: fc.constant(d),
      parameters: mixtures(d),
      sigmas: fc.array(fc.double({ min: 0.3, max: 2, noNaN: true }), {
        minLength: measurements,
        maxLength: measurements,
      }),
      y: fc.array(coordinate, { minLength: measurements * d, maxLength: measurements * d }),
    }),
  );

/**
 * log p_Y(y) without any of the algebra under test: y is a mixture of Gaussians of R^{Md} with mean
 * (μ_k, …, μ_k) and covariance 11ᵀ ⊗ C_k + diag(σ_m²) ⊗ I, evaluated by dense Cholesky solves.
 */
export function jointLogDensity(
  { weights, means, covariances }: MixtureParameters,
  sigmas: readonly number[],
  y: readonly number[],
): number {
  const d = means[0]!.length;
  const logs = weights.map((weight, k) => {
    const covariance = new Matrix(y.length, y.length);
    for (let a = 0; a < y.length; a++) {
      for (let b = 0; b < y.length; b++) {
        const noise = a === b ? sigmas[Math.floor(a / d)]! ** 2 : 0;
        covariance.set(a, b, covariances[k]![a % d]![b % d]! + noise);
      }
    }
    const cholesky = new CholeskyDecomposition(covariance);
    const offset = Matrix.columnVector(y.map((value, a) => value - means[k]![a % d]!));
    const quadratic = offset.transpose().mmul(cholesky.solve(offset)).get(0, 0);
    const factor = cholesky.lowerTriangularMatrix;
    let logDeterminant = y.length * Math.log(2 * Math.PI);
    for (let a = 0; a < y.length; a++) logDeterminant += 2 * Math.log(factor.get(a, a));
    return Math.log(weight) - (quadratic + logDeterminant) / 2;
  });
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
}

/** Central differences of order 4 of f at x: [f(−2h) − 8f(−h) + 8f(h) − f(2h)]/(12h). */
export function slopes(f: (x: readonly number[]) => number, x: readonly number[]): number[] {
  const h = 2e-3;
  return x.map((_, i) => {
    const at = (shift: number) => f(x.map((value, j) => (j === i ? value + shift : value)));
    return (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h);
  });
}

/** The one value of a batch function at one point. */
export function valueAt(
  f: (z: Float64Array, out: Float64Array) => void,
  z: readonly number[],
): number {
  const out = new Float64Array(1);
  f(Float64Array.from(z), out);
  return out[0]!;
}

/** The row of `width` numbers of a batch function at one point. */
export function rowAt(
  f: (z: Float64Array, out: Float64Array) => void,
  z: readonly number[],
  width = z.length,
): number[] {
  const out = new Float64Array(width);
  f(Float64Array.from(z), out);
  return [...out];
}

/** The largest |a_i − b_i| / (1 + |b_i|). */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs(a[i]! - b[i]!) / (1 + Math.abs(b[i]!)));
  }
  return largest;
}

/**
 * Kolmogorov–Smirnov distance of two samples times √(nm/(n + m)); above 1.95 it refutes that they
 * have one law, at size 0.001 (Smirnov 1948: 2 exp(−2 · 1.95²) = 0.001).
 */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  const [p, q] = [a.toSorted(), b.toSorted()];
  let [i, j, largest] = [0, 0, 0];
  while (i < p.length && j < q.length) {
    if (p[i]! <= q[j]!) i++;
    else j++;
    largest = Math.max(largest, Math.abs(i / p.length - j / q.length));
  }
  return largest * Math.sqrt((p.length * q.length) / (p.length + q.length));
}
