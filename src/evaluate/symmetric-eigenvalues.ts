import { UserError } from '../errors.ts';
import { BANDWIDTH, type Band, reduceToBand } from './band-reduction.ts';
import type { EngineOptions } from './feature-sets.ts';

/**
 * Computes the eigenvalues of a symmetric matrix, without vectors: Householder reflections to a
 * band, by the engine; rotations to three diagonals (Schwarz 1968, "Tridiagonalization of a
 * symmetric band matrix"); implicit QL (Bowdler, Martin, Reinsch & Wilkinson 1968). Backward
 * stable: each is off by a few ε of the largest.
 *
 * At 512 ml-matrix's EigenvalueDecomposition took 1.8 s on a busy core, and its time grows with the
 * cube: two minutes at 2,048.
 *
 * @param matrix `[n, n]`, symmetric; not changed.
 * @returns `[n]`, in no order.
 */
export async function symmetricEigenvalues(
  matrix: Float64Array,
  n: number,
  options: EngineOptions = {},
): Promise<Float64Array> {
  if (n === 0) return new Float64Array();
  const band = await reduceToBand(matrix, n, options);
  reduceToTridiagonal(band);
  const { values, width } = band;
  const diagonal = Float64Array.from({ length: n }, (_, i) => values[i * width]!);
  const beside = Float64Array.from({ length: n }, (_, i) =>
    i + 1 < n ? values[(i + 1) * width + 1]! : 0,
  );
  // QL keeps the digits of small eigenvalues where small elements come first (Wilkinson & Reinsch
  // 1971, II/3); pivoting put large ones there.
  if (Math.abs(diagonal[0]!) > Math.abs(diagonal[n - 1]!)) {
    diagonal.reverse();
    beside.subarray(0, n - 1).reverse();
  }
  tridiagonalEigenvalues(diagonal, beside);
  return diagonal;
}

/** Rotates away all but the first diagonal beside the main one, column by column. */
function reduceToTridiagonal(band: Band): void {
  const { size, width, values } = band;
  for (let column = 0; column < size - 2; column++) {
    for (let distance = Math.min(BANDWIDTH, size - 1 - column); distance >= 2; distance--) {
      // Each rotation leaves one element outside the band, a bandwidth further down.
      let from = column;
      for (let row = column + distance; row < size; row += BANDWIDTH) {
        const cleared = row * width + (row - from);
        const [x, y] = [values[cleared - width - 1]!, values[cleared]!];
        if (y === 0) break;
        const r = Math.hypot(x, y);
        rotate(band, row - 1, x / r, y / r);
        values[cleared] = 0;
        from = row - 1;
      }
    }
  }
}

/** Turns rows and columns p and p + 1: (p, p + 1) ← (c p + s q, c q − s p). */
function rotate({ size, width, values }: Band, p: number, c: number, s: number): void {
  const q = p + 1;
  const [atP, atQ] = [p * width, q * width];
  for (let k = Math.max(0, q - width + 1); k < p; k++) {
    const [x, y] = [values[atP + p - k]!, values[atQ + q - k]!];
    values[atP + p - k] = c * x + s * y;
    values[atQ + q - k] = c * y - s * x;
  }
  const [pp, qp, qq] = [values[atP]!, values[atQ + 1]!, values[atQ]!];
  values[atP] = c * c * pp + 2 * c * s * qp + s * s * qq;
  values[atQ] = s * s * pp - 2 * c * s * qp + c * c * qq;
  values[atQ + 1] = c * s * (qq - pp) + (c * c - s * s) * qp;
  const last = Math.min(size - 1, p + width - 1);
  for (let i = q + 1; i <= last; i++) {
    const at = i * width + i - p;
    const [x, y] = [values[at]!, values[at - 1]!];
    values[at] = c * x + s * y;
    values[at - 1] = c * y - s * x;
  }
}

/** Steps that QL is given for one eigenvalue; it takes two or three. */
const MOST_STEPS = 60;

/**
 * Implicit QL: the diagonal becomes the eigenvalues.
 *
 * @param beside element i stands between rows i and i + 1; its last is 0. Overwritten.
 */
function tridiagonalEigenvalues(diagonal: Float64Array, beside: Float64Array): void {
  const n = diagonal.length;
  for (let first = 0; first < n; first++) {
    for (let step = 0; ; step++) {
      const last = blockEnd(diagonal, beside, first);
      if (last === first) break;
      if (step === MOST_STEPS) {
        throw new UserError(
          'eigenvalues: QL does not converge; the matrix holds values too far apart',
          { code: 'unsupported', facts: { steps: MOST_STEPS } },
        );
      }
      qlStep(diagonal, beside, first, last);
    }
  }
}

/** Last row of the block that starts at `first`: where the element beside is nothing. */
function blockEnd(diagonal: Float64Array, beside: Float64Array, first: number): number {
  for (let i = first; i < diagonal.length - 1; i++) {
    const size = Math.abs(diagonal[i]!) + Math.abs(diagonal[i + 1]!);
    if (Math.abs(beside[i]!) <= Number.EPSILON * size) return i;
  }
  return diagonal.length - 1;
}

/** One step with Wilkinson's shift on rows `first` to `last`. */
function qlStep(diagonal: Float64Array, beside: Float64Array, first: number, last: number): void {
  const slope = (diagonal[first + 1]! - diagonal[first]!) / (2 * beside[first]!);
  const root = Math.hypot(slope, 1);
  let g =
    diagonal[last]! - diagonal[first]! + beside[first]! / (slope + (slope < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const [f, b] = [s * beside[i]!, c * beside[i]!];
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= p;
      beside[last] = 0;
      return;
    }
    [s, c] = [f / r, g / r];
    const shifted = diagonal[i + 1]! - p;
    const turned = (diagonal[i]! - shifted) * s + 2 * c * b;
    p = s * turned;
    diagonal[i + 1] = shifted + p;
    g = c * turned - b;
  }
  diagonal[first]! -= p;
  beside[first] = g;
  beside[last] = 0;
}
