import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { trainingSchema } from '../train/config.ts';
import { dueAfter, type Evaluator, evaluateAll, isDue, reportedMetrics } from './evaluators.ts';
import { smallImages } from './testing.ts';
import { validationEvaluator } from './validation-evaluator.ts';

const denoiser = {
  shape: [1, 8, 8],
  sigma: 0.5,
  denoise: async (_: Float32Array, out: Float32Array) => void out.fill(Number.NaN),
};

const evaluator = (name: string, metrics: Record<string, number>): Evaluator => ({
  name,
  every: 1,
  metrics: Object.fromEntries(Object.keys(metrics).map((metric) => [metric, 'lower'])),
  evaluate: async () => ({ metrics }),
});

test('what lies ahead is counted as it comes due', () => {
  for (const every of [1, 3, 4, 7, 20]) {
    for (const steps of [1, 6, 12]) {
      const due = Array.from({ length: steps + 1 }, (_, step) => isDue({ every }, step, steps));
      expect(due[0]).toBe(false);
      expect(due[steps]).toBe(true);
      for (let step = 0; step <= steps; step++) {
        const ahead = due.slice(step + 1).filter(Boolean).length;
        expect(dueAfter({ every }, step, steps), `${every}, ${step} of ${steps}`).toBe(ahead);
      }
    }
  }
});

test('numbers that are not finite are left out', async () => {
  const all = [
    evaluator('a', { fid: Number.NaN, huge: 1e39, recall: 1 }),
    evaluator('b', { loss2: 2 }),
  ];
  expect(await evaluateAll(all, { step: 1, denoiser })).toEqual({
    metrics: { recall: 1, loss2: 2 },
    pictures: {},
  });
});

test('a validation loss that is not finite ends the run', async () => {
  const { evaluate } = validationEvaluator(smallImages(), trainingSchema.parse({}), 5);
  await expect(evaluate({ step: 15, denoiser })).rejects.toThrow(anError('diverged', { step: 15 }));
});

test('a name stands for one thing, and can be that of a folder', () => {
  expect(() => reportedMetrics([evaluator('../a', {})])).toThrow(
    anError('invalid', { option: 'evaluators', name: '../a' }),
  );
  const metrics = reportedMetrics([evaluator('a', { fid: 1 }), evaluator('b', { recall: 1 })]);
  expect(metrics).toEqual({ fid: 'lower', recall: 'lower' });
  for (const taken of ['a', 'fid', 'loss', 'step']) {
    const both = [evaluator('a', { fid: 1 }), evaluator('b', { [taken]: 1 })];
    expect(() => reportedMetrics(both)).toThrow(anError('invalid', { name: taken }));
  }
});
