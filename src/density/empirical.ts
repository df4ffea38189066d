import { foldKey, type Key, type NumberArray, uniformInt } from '../random.ts';
import { checkPoints, checkSigma, fieldError } from './checks.ts';
import { type Density, type SmoothedDensity, smoothedDensity } from './density.ts';
import { expBelowZero, NEGLIGIBLE } from './exponential.ts';

/** x drawn from a finite data set, every point equally likely. */
export interface EmpiricalDensity extends Density {
  readonly type: 'empirical';
  /** `[n, d]`, the array that was given, not a copy. */
  readonly points: NumberArray;
}

/**
 * Makes the empirical density of a data set: the mixture with C_k = 0, so ν(z) = Σ
 * softmax(−‖z − x_i‖²/(2σ̃²)) x_i.
 *
 * Distances are sums of squared differences, which keep their accuracy where the points are far
 * from the origin. Work space is one number for each point, whatever the batch: 10^4 points of 784
 * dimensions cost their own 31 MB and 80 kB.
 *
 * @param points `[n, d]`, float32 or float64; kept by reference, so do not change them.
 *
 * @throws UserError when there is no point, a partial row, or a number that is not finite.
 */
export function empirical(points: NumberArray, dimension: number): EmpiricalDensity {
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw fieldError('points', `their dimension is ${dimension}; give points of shape [n, d]`);
  }
  checkPoints('points', points, dimension);
  return {
    type: 'empirical',
    dimension,
    points,
    sample: (key, n) => samplePoints(points, dimension, key, n),
    smooth: (sigma) => smoothPoints(points, dimension, sigma),
  };
}

function samplePoints(points: NumberArray, d: number, key: Key, n: number): Float64Array {
  const x = new Float64Array(n * d);
  const size = points.length / d;
  const choices = foldKey(key, 0);
  for (let row = 0; row < n; row++) {
    const from = uniformInt(choices, row, size) * d;
    for (let i = 0; i < d; i++) x[row * d + i] = points[from + i]!;
  }
  return x;
}

function smoothPoints(points: NumberArray, d: number, sigma: number): SmoothedDensity {
  checkSigma(sigma);
  const size = points.length / d;
  const squares = new Float64Array(size);
  const scale = -1 / (2 * sigma * sigma);
  const constant = -Math.log(size) - (d / 2) * Math.log(2 * Math.PI * sigma * sigma);

  return smoothedDensity(d, sigma, (point, score) => {
    squaredDistances(points, point, squares);
    let nearest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < size; k++) if (squares[k]! < nearest) nearest = squares[k]!;
    let sum = 0;
    // The distances make room for the shares, which is all that is needed of them from here on.
    for (let k = 0; k < size; k++) {
      const gap = scale * (squares[k]! - nearest);
      const share = gap < NEGLIGIBLE ? 0 : expBelowZero(gap);
      squares[k] = share;
      sum += share;
    }
    addPulls(points, squares, point, score);
    const pull = 1 / (sum * sigma * sigma);
    for (let i = 0; i < d; i++) score[i]! *= pull;
    return constant + scale * nearest + Math.log(sum);
  });
}

/**
 * ‖point − x_k‖² of every point. Four at a time: their sums do not wait for each other, and a
 * coordinate of `point` is read once for the four.
 */
function squaredDistances(points: NumberArray, point: Float64Array, out: Float64Array): void {
  const d = point.length;
  const size = out.length;
  let k = 0;
  for (; k + 4 <= size; k += 4) {
    let [a, b, c, e] = [0, 0, 0, 0];
    let at = k * d;
    for (let i = 0; i < d; i++, at++) {
      const z = point[i]!;
      const first = points[at]! - z;
      const second = points[at + d]! - z;
      const third = points[at + 2 * d]! - z;
      const fourth = points[at + 3 * d]! - z;
      a += first * first;
      b += second * second;
      c += third * third;
      e += fourth * fourth;
    }
    out[k] = a;
    out[k + 1] = b;
    out[k + 2] = c;
    out[k + 3] = e;
  }
  for (; k < size; k++) {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += (points[k * d + i]! - point[i]!) ** 2;
    out[k] = sum;
  }
}

/** Σ_k share_k (x_k − point) into `score`, four points at a time, without those of share 0. */
function addPulls(
  points: NumberArray,
  shares: Float64Array,
  point: Float64Array,
  score: Float64Array,
): void {
  const d = point.length;
  const size = shares.length;
  score.fill(0);
  let k = 0;
  for (; k + 4 <= size; k += 4) {
    const [a, b, c, e] = [shares[k]!, shares[k + 1]!, shares[k + 2]!, shares[k + 3]!];
    if (a === 0 && b === 0 && c === 0 && e === 0) continue;
    let at = k * d;
    for (let i = 0; i < d; i++, at++) {
      const z = point[i]!;
      const near = a * (points[at]! - z) + b * (points[at + d]! - z);
      const far = c * (points[at + 2 * d]! - z) + e * (points[at + 3 * d]! - z);
      score[i]! += near + far;
    }
  }
  for (; k < size; k++) {
    for (let i = 0; i < d; i++) score[i]! += shares[k]! * (points[k * d + i]! - point[i]!);
  }
}
