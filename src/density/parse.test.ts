import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { parseDensity, pointsFile } from './parse.ts';

const mixture = {
  type: 'mixture',
  weights: [0.5, 0.5],
  means: [[0], [3]],
  covariances: [[[1]], [[2]]],
};

describe('parseDensity', () => {
  test('reads every kind', () => {
    expect(parseDensity(mixture)).toMatchObject(mixture);
    const gaussian = { type: 'gaussian', mean: [1], covariance: [[2]] };
    expect(parseDensity(gaussian)).toMatchObject({ ...gaussian, dimension: 1 });
    const poisson = { type: 'poisson', weights: [1], intensities: [[2, 3]] };
    expect(parseDensity(poisson)).toMatchObject({ ...poisson, dimension: 2, rate: 1 });
    expect(parseDensity({ ...poisson, rate: 4 })).toMatchObject({ rate: 4 });
  });

  test('empirical points: in the JSON, or loaded from the file it names', () => {
    const inline = {
      type: 'empirical',
      points: [
        [1, 2],
        [3, 4],
      ],
    };
    expect(pointsFile(inline)).toBeUndefined();
    expect(parseDensity(inline)).toMatchObject({
      dimension: 2,
      points: Float64Array.of(1, 2, 3, 4),
    });
    const named = { type: 'empirical', points: 'points.npy' };
    expect(pointsFile(named)).toBe('points.npy');
    const data = Float32Array.of(1, 2, 3);
    expect(parseDensity(named, { data, dimension: 3 })).toMatchObject({ points: data });
    expect(() => parseDensity(named)).toThrow(/^points: "points.npy" is not loaded/);
    expect(() => parseDensity({ type: 'empirical', points: [[1, 2], [3]] })).toThrow(
      /^points\[1\]: has 1 numbers, but points\[0\] has 2; give rows of one length$/,
    );
  });

  test.each([
    [[1], /^density: not a JSON object; [^\n]+$/],
    [null, /^density: not a JSON object/],
    [{}, /^type: is missing; give one of gaussian, mixture, empirical, poisson$/],
    [{ type: 'mixtur' }, /^type: "mixtur" is not a kind [^\n]+ Did you mean "mixture"\?$/],
    [{ type: 'toString' }, /^type: "toString" is not a kind of density; [^\n]+$/],
    [{ type: 7 }, /^type: 7 is not a kind of density; [^\n]+$/],
    [{ ...mixture, weights: undefined }, /^weights: is missing; give a list$/],
    [{ ...mixture, weights: 'equal' }, /^weights: is not a list$/],
    [{ ...mixture, means: [[0], ['a']] }, /^means\[1\]\[0\]: is not a finite number$/],
    [{ ...mixture, means: [[0], [null]] }, /^means\[1\]\[0\]: is not a finite number$/],
    [{ ...mixture, means: [[0], [Number.NaN]] }, /^means\[1\]\[0\]: is not a finite number$/],
    [{ ...mixture, covariance: [[1]] }, /^density: "covariance" is not a field of this type/],
    [{ ...mixture, weights: [0.5, 0.6] }, /^weights: they sum to 1.1, not to 1/],
    [{ ...mixture, covariances: [[[1]], [[-2]]] }, /^covariances\[1\]: [^\n]+ eigenvalue is -2/],
    [{ type: 'empirical', points: 3 }, /^points: not rows of numbers nor the name of a file/],
    [{ type: 'empirical', points: [] }, /^points: there are none/],
    [{ type: 'gaussian', mean: [0, 0], covariance: [[1]] }, /^covariance: has 1 row[^\n]+ 2/],
  ])('refuses %j in one line', (source, message) => {
    expect(() => parseDensity(source)).toThrow(UserError);
    expect(() => parseDensity(source)).toThrow(message);
    // What a program is told is what the sentence begins with.
    const field = message.source.match(/^\^([^:]+):/)![1]!.replaceAll('\\', '');
    expect(() => parseDensity(source)).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ field }) }),
    );
  });
});
