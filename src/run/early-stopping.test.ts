import { expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { type StoppingRule, standing, stoppingRule } from './early-stopping.ts';

const at = (...values: (number | undefined)[]) =>
  values.map((value, i) => ({
    step: 10 * (i + 1),
    metrics: { fid: 0, ...(value !== undefined && { loss: value }) } as Record<string, number>,
  }));
const lower: StoppingRule = { metric: 'loss', better: 'lower', patience: 2 };

test.each([
  { values: [], best: undefined, waited: 0, stop: false },
  { values: [5], best: { step: 10, value: 5 }, waited: 0, stop: false },
  { values: [5, 6], best: { step: 10, value: 5 }, waited: 1, stop: false },
  { values: [5, 6, 4, 4], best: { step: 30, value: 4 }, waited: 1, stop: false },
  { values: [5, 6, 4, 4, 7], best: { step: 30, value: 4 }, waited: 2, stop: true },
  // An evaluation that does not report the metric says nothing about it.
  { values: [5, undefined, undefined, 6], best: { step: 10, value: 5 }, waited: 1, stop: false },
])('after $values', ({ values, best, ...expected }) => {
  const found = best && { metric: 'loss', ...best };
  expect(standing(at(...values), lower)).toEqual({ best: found, ...expected });
});

test('where higher is better, it is', () => {
  const higher: StoppingRule = { ...lower, better: 'higher' };
  expect(standing(at(5, 6, 4), higher)).toMatchObject({ best: { step: 20 }, waited: 1 });
});

test('a rule needs a metric that something reports', () => {
  const metrics = { validationLoss: 'lower', recall: 'higher' } as const;
  expect(stoppingRule({ patience: 3 }, metrics)).toBeUndefined();
  expect(stoppingRule({ stopMetric: 'recall', patience: 3 }, metrics)).toEqual({
    metric: 'recall',
    better: 'higher',
    patience: 3,
  });
  const refused = (stopMetric: string, reported = {}) =>
    expect(() => stoppingRule({ stopMetric, patience: 3 }, reported));
  refused('recal', metrics).toThrow(
    anError('not-found', { option: 'stopMetric', known: ['validationLoss', 'recall'] }),
  );
  refused('recal', metrics).toThrow('Did you mean "recall"?');
  refused('validationLoss').toThrow('; hold out examples, such as validation 1000.');
  refused('fid').toThrow(anError('not-found', { value: 'fid', known: [] }));
  refused('toString', metrics).toThrow(anError('not-found', { value: 'toString' }));
});
