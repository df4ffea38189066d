import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outerStep } from './outer-step.ts';

const zeros = (length: number) => new Float32Array(length);

test('at rate 1 without momentum it is the mean of the workers’ parameters', () => {
  const value = fc.float({ min: -8, max: 8, noNaN: true });
  const vector = fc.array(value, { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(
      vector,
      fc.array(vector, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (start, ends, averageWeight) => {
        const parameters = Float32Array.from(start);
        const deltas = ends.map((end) => parameters.map((from, i) => from - end[i]!));
        const before = { parameters, momentum: zeros(5), average: parameters };
        const options = { deltas, rate: 1, momentum: 0, averageWeight };
        const after = outerStep(before, options);
        for (let i = 0; i < 5; i++) {
          const mean = ends.reduce((sum, end) => sum + end[i]!, 0) / ends.length;
          expect(after.parameters[i]).toBeCloseTo(mean, 4);
          const average = start[i]! + averageWeight * (mean - start[i]!);
          expect(after.average[i]).toBeCloseTo(average, 4);
        }
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

/**
 * On θ²/2 with workers that go a share s of the way to 0, Δ = sθ: the recurrence of Nesterov's
 * method in the form of Sutskever et al. 2013, θ' = θ + μv' − …, worked out by hand for two steps.
 */
test('with momentum it makes the steps worked out by hand', () => {
  const [rate, momentum] = [0.7, 0.9];
  let state = { parameters: Float32Array.of(1), momentum: zeros(1), average: Float32Array.of(1) };
  const step = () => {
    const deltas = [state.parameters.map((theta) => 0.5 * theta)];
    state = outerStep(state, { deltas, rate, momentum, averageWeight: 0.5 }) as typeof state;
  };
  step();
  // v = 0.5, θ = 1 − 0.7 (0.5 + 0.9 · 0.5) = 0.335.
  expect(state.momentum[0]).toBeCloseTo(0.5, 6);
  expect(state.parameters[0]).toBeCloseTo(0.335, 6);
  expect(state.average[0]).toBeCloseTo(0.6675, 6);
  step();
  // Δ = 0.1675, v = 0.45 + 0.1675 = 0.6175, θ = 0.335 − 0.7 (0.1675 + 0.55575) = −0.171275.
  expect(state.momentum[0]).toBeCloseTo(0.6175, 6);
  expect(state.parameters[0]).toBeCloseTo(-0.171275, 6);
});
