import { describe, expect, test } from 'vitest';
import { fillUniform, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import { likeliestModes, modeVisits, nearestModes } from './modes.ts';
import { drawsOf } from './testing.ts';

describe('assignment', () => {
  test('to the nearest of the modes, the first of equals', () => {
    const draws = {
      data: Float32Array.of(0, 0.1, 9, 9, 4, 3, 5, 5),
      shape: [2, 2, 2] as const,
    };
    expect(
      nearestModes(draws, [
        [0, 0],
        [10, 10],
      ]),
    ).toEqual({
      data: Int32Array.of(0, 1, 0, 0),
      shape: [2, 2],
    });
  });

  test('to the largest responsibility', () => {
    const responsibilities = {
      data: Float64Array.of(0.2, 0.5, 0.3, 0.4, 0.2, 0.4),
      shape: [1, 2, 3] as const,
    };
    expect([...likeliestModes(responsibilities).data]).toEqual([1, 0]);
    const logarithms = { ...responsibilities, data: responsibilities.data.map(Math.log) };
    expect([...likeliestModes(logarithms).data]).toEqual([1, 0]);
  });

  test('refuses modes that do not fit', () => {
    const draws = drawsOf([1, 2]);
    expect(() => nearestModes(draws, [])).toThrow(anError('invalid', { option: 'modes' }));
    expect(() => nearestModes(draws, [[0], [1, 2]])).toThrow(
      anError('shape', { mode: 1, coordinates: 2, wanted: 1 }),
    );
    expect(() => nearestModes(draws, [[Number.NaN]])).toThrow(
      anError('invalid', { mode: 0, coordinate: 0 }),
    );
    expect(() => nearestModes(drawsOf([1, Number.NaN]), [[0]])).toThrow(
      anError('invalid', { chain: 0, draw: 1 }),
    );
  });
});

describe('modeVisits', () => {
  test('by hand: chains do not run into each other', () => {
    const assignment = { data: Int32Array.of(0, 0, 1, 1, 1, 1, 1, 0), shape: [2, 4] as const };
    expect(modeVisits(assignment, [0.25, 0.5, 0.25])).toEqual({
      counts: [3, 5, 0],
      occupancy: [3 / 8, 5 / 8, 0],
      coverage: 2 / 3,
      missedWeight: 0.25,
      chiSquare: (1 / 8) ** 2 / 0.25 + (1 / 8) ** 2 / 0.5 + 0.25,
      transitions: [
        [1, 1, 0],
        [1, 3, 0],
        [0, 0, 0],
      ],
      switches: 2,
      longestStay: { mode: 1, chain: 1, start: 0, draws: 3 },
    });
  });

  test('finds the transition matrix and stationary law of a known chain', () => {
    // From mode 0 to 1 with probability 0.1, back with 0.3: weights 3/4 and 1/4.
    const [chains, draws] = [10, 20_000];
    const data = new Int32Array(chains * draws);
    const uniform = new Float64Array(data.length);
    fillUniform(randomKey(1), 0, uniform);
    for (let at = 0; at < data.length; at++) {
      if (at % draws === 0) data[at] = uniform[at]! < 0.75 ? 0 : 1;
      else if (data[at - 1] === 0) data[at] = uniform[at]! < 0.1 ? 1 : 0;
      else data[at] = uniform[at]! < 0.3 ? 0 : 1;
    }
    const visits = modeVisits({ data, shape: [chains, draws] }, [0.75, 0.25]);
    const [[stay, leave], [back]] = visits.transitions as [[number, number], [number]];
    // Standard errors 0.3/√150,000 and 0.46/√50,000; four of them.
    expect(Math.abs(leave / (stay + leave) - 0.1)).toBeLessThan(0.0032);
    expect(Math.abs(back / visits.counts[1]! - 0.3)).toBeLessThan(0.0083);
    // Eigenvalue 0.6: τ = 4, so N χ² is 4 times a chi-square of 1 degree; 16 is four deviations.
    expect(visits.chiSquare * data.length).toBeLessThan(64);
    expect(visits.switches).toBe(leave + back);
    expect(visits.coverage).toBe(1);
  });

  test('independent draws lie (K − 1)/N from the weights on average', () => {
    const weights = [0.5, 0.3, 0.2];
    const runs = Array.from({ length: 400 }, (_, run) => {
      const uniform = new Float64Array(100);
      fillUniform(randomKey(2), run, uniform);
      const data = Int32Array.from(uniform, (u) => (u < 0.5 ? 0 : u < 0.8 ? 1 : 2));
      return modeVisits({ data, shape: [1, 100] }, weights).chiSquare;
    });
    const mean = runs.reduce((sum, x) => sum + x, 0) / runs.length;
    // N χ² has mean 2 and deviation 2: four standard errors are 0.4.
    expect(Math.abs(100 * mean - 2)).toBeLessThan(0.4);
  });

  test('one draw of each chain has no transitions, and stays of one', () => {
    const visits = modeVisits({ data: Int32Array.of(1, 0), shape: [2, 1] }, [0.5, 0.5]);
    expect(visits.transitions).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(visits.longestStay).toEqual({ mode: 1, chain: 0, start: 0, draws: 1 });
    expect(visits.chiSquare).toBe(0);
  });

  test('refuses weights and modes that do not fit', () => {
    const one = { data: Int32Array.of(0, 2), shape: [1, 2] as const };
    expect(() => modeVisits(one, [0.5, 0.4, 0.2])).toThrow(
      anError('invalid', { option: 'weights', sum: expect.closeTo(1.1, 12) }),
    );
    expect(() => modeVisits(one, [1, 0])).toThrow(
      anError('invalid', { option: 'weights', index: 1, value: 0 }),
    );
    expect(() => modeVisits(one, [0.5, 0.5])).toThrow(
      anError('invalid', { chain: 0, draw: 1, value: 2, most: 1 }),
    );
    expect(() => modeVisits({ data: new Int32Array(0), shape: [0, 2] }, [1])).toThrow(
      anError('shape', { shape: [0, 2], values: 0 }),
    );
  });
});
