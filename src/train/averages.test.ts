import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { averagesOf, exponentOf, LONGEST, powerAverage } from './averages.ts';

/** Runs an average over values 1, 2, …; gives the weight of each in it by linearity. */
function weightsAfter(steps: number, weight: (step: number) => number): number[] {
  const weights: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const w = weight(step);
    for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! * (1 - w);
    weights.push(w);
  }
  return weights;
}

describe('power-function averages', () => {
  test('weigh times by the integral of (γ + 1)τ^γ over each step, to rounding', () => {
    const [steps, length] = [400, 0.1];
    const power = exponentOf(length) + 1;
    const weights = weightsAfter(steps, powerAverage('a', length).weight);
    weights.forEach((value, i) => {
      const exact = ((i + 1) / steps) ** power - (i / steps) ** power;
      expect(value).toBeCloseTo(exact, 12);
    });
  });

  test('have the relative length they are asked for', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.02, max: 0.28, noNaN: true }), (length) => {
        const steps = 4000;
        const weights = weightsAfter(steps, powerAverage('a', length).weight);
        const mean = weights.reduce((sum, w, i) => sum + (w * (i + 0.5)) / steps, 0);
        const square = weights.reduce((sum, w, i) => sum + w * ((i + 0.5) / steps) ** 2, 0);
        expect(Math.sqrt(square - mean ** 2) / length).toBeCloseTo(1, 3);
      }),
      { seed: 4, numRuns: 25 },
    );
  });

  test('at the published exponents and at the plain mean', () => {
    // Karras et al. 2024: γ = 16.97 and 6.94 for 0.05 and 0.10.
    expect(exponentOf(0.05)).toBeCloseTo(16.97, 2);
    expect(exponentOf(0.1)).toBeCloseTo(6.94, 2);
    expect(exponentOf(LONGEST)).toBeCloseTo(0, 6);
  });
});

describe('the average that is the model', () => {
  const weightAt = (options: Parameters<typeof averagesOf>[0], step: number) =>
    averagesOf(options)[0]!.weight(step);

  test('rises to its decay where it ramps up, and has it at once where not', () => {
    expect(
      [1, 8, 80, 890, 891, 5000].map((t) => weightAt({ ema: 0.99, emaRamp: 'early' }, t)),
    ).toEqual([1 - 2 / 11, 1 - 9 / 18, 1 - 81 / 90, 1 - 891 / 900, 1 - 0.99, 1 - 0.99]);
    expect([1, 1000].map((t) => weightAt({ ema: 0.99 }, t))).toEqual([1 - 0.99, 1 - 0.99]);
  });

  test('is alone but where snapshots are taken', () => {
    const names = (snapshotEvery: number) =>
      averagesOf({ ema: 0.9, snapshotEvery }).map(({ name }) => name);
    expect(names(0)).toEqual(['average']);
    expect(names(7)).toEqual(['average', 'average05', 'average10']);
  });
});
