import { expect, test } from 'vitest';
import { learningRate, trainingSchema } from './config.ts';

const config = (options: object) =>
  trainingSchema.parse({ sigma: 1, learningRate: 2, warmup: 10, steps: 110, ...options });

test('the learning rate rises linearly, then decays as named', () => {
  expect(learningRate(config({ decay: 'none' }), 5)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'none' }), 90)).toBe(2);
  expect(learningRate(config({ decay: 'linear' }), 60)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'cosine' }), 60)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'cosine' }), 35)).toBeCloseTo(2 * Math.cos(Math.PI / 8) ** 2);
  expect(learningRate(config({ decay: 'cosine' }), 110)).toBeCloseTo(0);
  expect(learningRate(config({ warmup: 0, decay: 'none' }), 1)).toBe(2);
});

test.each([
  { sigma: 0 },
  { sigma: -1 },
  { measurements: 0 },
  { measurements: 1.5 },
  { ema: 1 },
  { steps: 0 },
  { decay: 'cosin' },
  { unknown: 1 },
])('refuses %o', (options) => {
  expect(trainingSchema.safeParse({ sigma: 1, ...options }).success).toBe(false);
});
