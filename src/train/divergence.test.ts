import { describe, expect, test } from 'vitest';
import { inMemory } from '../data/dataset.ts';
import { DivergedError } from '../errors.ts';
import { watchLosses } from './divergence.ts';

/** Examples of 4 values of 51/255 = 0.2: ‖x‖² = 0.16, and dσ² = 1 at σ = 1/2. */
const dataset = {
  name: 'flat',
  count: 3,
  shape: [4],
  hash: '',
  ...inMemory(new Uint8Array(12).fill(51), 3),
};
const gaussian = { inputSigma: 0.5, rate: undefined };

/** Steps until the losses count as diverged; none if they do not. */
function divergesAt(
  losses: readonly number[],
  start: object = {},
  model: Parameters<typeof watchLosses>[0] = gaussian,
) {
  const watch = watchLosses(model, dataset, start);
  for (const [i, loss] of losses.entries()) {
    try {
      watch.add({ step: i + 1, loss, gradientNorm: 1, learningRate: 100 });
    } catch (error) {
      expect(error).toBeInstanceOf(DivergedError);
      expect(error).toMatchObject({ code: 'diverged', facts: { step: i + 1, learningRate: 100 } });
      return i + 1;
    }
  }
  return undefined;
}

const constant = (count: number, loss: number) => new Array<number>(count).fill(loss);

describe('a training has diverged', () => {
  test('when the mean loss of 20 steps is above 10 times that of x̂ = y', () => {
    expect(divergesAt([0.5, ...constant(50, 10.3)])).toBe(21);
    expect(divergesAt([0.5, ...constant(50, 9.9)])).toBeUndefined();
  });

  test('or of x̂ = 0, where the noise is small or a count', () => {
    expect(
      divergesAt([0.1, ...constant(50, 1.65)], {}, { inputSigma: 0.01, rate: undefined }),
    ).toBe(21);
    expect(divergesAt([0.1, ...constant(50, 1.5)], {}, { inputSigma: 0, rate: 3 })).toBeUndefined();
  });

  test('or 10 times that of the first step, also of a run that goes on', () => {
    expect(divergesAt([7, ...constant(50, 60)])).toBeUndefined();
    expect(divergesAt(constant(50, 60), { initialLoss: 7 })).toBeUndefined();
    // Else a run that has diverged would be judged by itself.
    expect(divergesAt(constant(50, 60), { initialLoss: 0.5 })).toBe(20);
  });

  test('not for a spike that heals', () => {
    expect(divergesAt([0.5, ...constant(40, 0.3), 150, ...constant(40, 0.3)])).toBeUndefined();
  });

  test('at once when a number is not finite', () => {
    expect(divergesAt([1, Number.NaN])).toBe(2);
    expect(divergesAt([Number.POSITIVE_INFINITY])).toBe(1);
  });
});
