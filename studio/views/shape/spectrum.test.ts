import { expect, test } from 'vitest';
import { planeTarget } from '../../target/density.ts';
import { spectrumOf } from './spectrum.ts';

const mixture = (spread: number) =>
  planeTarget({ target: 'mixture', points: [], centres: [[1, 2, 5, spread]] })!;

test('eigenvalues of a Gaussian are 1/(σ² + Mτ²) and 1/σ²', () => {
  const found = spectrumOf(mixture(2), { sigma: 0.5, M: 4 });
  expect(found).toMatchObject({
    eigenvalues: [{ multiplicity: 2 }, { multiplicity: 6 }],
  });
  if ('problem' in found) throw new Error(found.problem);
  expect(found.eigenvalues[0]!.value).toBeCloseTo(1 / 16.25, 12);
  expect(found.eigenvalues[1]!.value).toBeCloseTo(4, 12);
  expect(found.conditionNumber).toBeCloseTo(1 + 4 / 0.0625, 9);
  expect(found.alone).toBeCloseTo(1, 12);
});

test('two points along x and one beside: axes of the covariance', () => {
  const points = [
    [-3, 0],
    [3, 0],
    [0, 1],
    [0, -1],
  ] as const;
  const found = spectrumOf(planeTarget({ target: 'points', points, centres: [] })!, {
    sigma: 1,
    M: 1,
  });
  // Variances 18/4 and 2/4.
  expect(found).toMatchObject({ conditionNumber: expect.closeTo(5.5 / 1.5, 9) });
});

// One point and points on a line have a singular covariance, and a fine M-density: with equal noise the
// precision is 1/(σ² + Mτ²) along each principal axis of variance τ², and 1/σ² M − 1 times.
test.each([
  { points: [[1, 1]], eigenvalues: [{ value: 4, multiplicity: 4 }] },
  {
    points: [
      [0, 0],
      [1, 2],
      [2, 4],
    ],
    eigenvalues: [
      { value: expect.closeTo(1 / (0.25 + (2 * 10) / 3), 12), multiplicity: 1 },
      { value: 4, multiplicity: 3 },
    ],
  },
])('$points.length points without a width have one', ({ points, eigenvalues }) => {
  const target = planeTarget({
    target: 'points',
    points: points as [number, number][],
    centres: [],
  })!;
  expect(spectrumOf(target, { sigma: 0.5, M: 2 })).toMatchObject({ eigenvalues });
});

test('noise beyond double precision has none, and it says why', () => {
  const target = planeTarget({ target: 'points', points: [[1, 1]], centres: [] })!;
  expect(spectrumOf(target, { sigma: 1e200, M: 2 })).toEqual({
    problem: expect.stringContaining('double precision'),
  });
});
