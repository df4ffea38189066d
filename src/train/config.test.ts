import { expect, test } from 'vitest';
import { learningRate, trainingSchema } from './config.ts';

const config = (options: object) =>
  trainingSchema.parse({ learningRate: 2, warmup: 10, steps: 110, ...options });

test('the learning rate rises linearly, then decays as named', () => {
  expect(learningRate(config({ decay: 'none' }), 5)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'none' }), 90)).toBe(2);
  expect(learningRate(config({ decay: 'linear' }), 60)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'cosine' }), 60)).toBeCloseTo(1);
  expect(learningRate(config({ decay: 'cosine' }), 35)).toBeCloseTo(2 * Math.cos(Math.PI / 8) ** 2);
  expect(learningRate(config({ decay: 'cosine' }), 110)).toBeCloseTo(0);
  expect(learningRate(config({ warmup: 0, decay: 'none' }), 1)).toBe(2);
});

test('it can stay constant first', () => {
  const late = { decayFrom: 0.8 };
  const rates = (decay: string) =>
    [5, 10, 50, 90, 100, 110].map((step) => learningRate(config({ ...late, decay }), step));
  for (const [i, rate] of [1, 2, 2, 2, 1, 0].entries()) {
    expect(rates('linear')[i]).toBeCloseTo(rate);
    expect(rates('cosine')[i]).toBeCloseTo(rate);
  }
  expect(rates('none')).toEqual([1, 2, 2, 2, 2, 2]);
  // A run that is all warm-up.
  expect(learningRate(config({ ...late, warmup: 200 }), 110)).toBeCloseTo(1.1);
});

test.each([
  { sigma: 0 },
  { sigma: -1 },
  { measurements: 0 },
  { measurements: 1.5 },
  { ema: 1 },
  { steps: 0 },
  { decay: 'cosin' },
  { decayFrom: 1 },
  { emaRamp: 'late' },
  { unknown: 1 },
])('refuses %o', (options) => {
  expect(trainingSchema.safeParse(options).success).toBe(false);
});
