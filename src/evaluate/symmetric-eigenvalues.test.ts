import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { semidefiniteFactor } from './semidefinite-factor.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';
import { times, transposed } from './testing-features.ts';

function randomSymmetric(n: number): Float64Array {
  const x = new Float64Array(n * n);
  fillNormal(randomKey(n), 0, x);
  return x.map((value, at) => value + transposedAt(x, at, n));
}
const transposedAt = (x: Float64Array, at: number, n: number) =>
  x[(at % n) * n + Math.floor(at / n)]!;

// Around the edges of the band of 32, of its panels, and of where the matrix is cut.
test.each([1, 2, 3, 5, 32, 33, 34, 35, 64, 65, 66, 67, 98, 131, 150])(
  'as ml-matrix: %s',
  async (n) => {
    const matrix = randomSymmetric(n);
    const rows = Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n));
    const expected = new EigenvalueDecomposition(new Matrix(rows), {
      assumeSymmetric: true,
    }).realEigenvalues.sort((a, b) => a - b);
    const before = matrix.slice();
    const found = (await symmetricEigenvalues(matrix, n)).sort();
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-14 * n * 4);
    });
    expect(matrix).toEqual(before);
  },
);

test.each([
  ['nothing', 50, () => 0, () => 0],
  ['ones on the diagonal', 70, (i: number, j: number) => Number(i === j), () => 1],
  ['all ones', 40, () => 1, (k: number) => (k === 39 ? 40 : 0)],
  [
    // Eigenvalues of the path: 2 − 2 cos(kπ/(n + 1)).
    'second differences',
    90,
    (i: number, j: number) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0),
    (k: number) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / 91),
  ],
] as const)('of %s', async (_, n, at, expected) => {
  const matrix = Float64Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n));
  const found = (await symmetricEigenvalues(matrix, n)).sort();
  found.forEach((value, k) => {
    expect(value).toBeCloseTo(expected(k), 12);
  });
});

test('no matrix has no eigenvalues', async () => {
  expect(await symmetricEigenvalues(new Float64Array(), 0)).toEqual(new Float64Array());
});

test.each([
  [6, 6],
  [40, 3],
  [150, 140],
  [150, 150],
  [20, 0],
])('factors %s² of rank %s', async (n, rank) => {
  const x = new Float64Array(n * n);
  fillNormal(randomKey(n), 1, x);
  const low = x.map((value, at) => (at % n < rank ? value : 0));
  const matrix = times(low, transposed(low, n), n);
  const factor = await semidefiniteFactor(matrix, n);
  expect(factor.rank).toBe(rank);
  const rows = new Float64Array(n * n);
  rows.set(factor.rows);
  const again = times(transposed(rows, n), rows, n);
  again.forEach((value, at) => {
    if (Math.abs(value - matrix[at]!) > 1e-12 * n) expect(value).toBe(matrix[at]);
  });
});
