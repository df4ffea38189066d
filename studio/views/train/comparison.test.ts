import { expect, test } from 'vitest';
import { planeTarget } from '../../target/density.ts';
import { learnedFrom, questionsOf } from './comparison.ts';

const target = planeTarget({ target: 'eight-gaussians', points: [], centres: [] })!;
const questions = questionsOf(target, { sigma: 0.5, radius: 4.5 });

/** The exact ν at the places of the questions. */
function exact(): Float32Array {
  const nu = new Float32Array(questions.places.length);
  target.density.smooth(0.5).denoise(questions.places, nu);
  return nu;
}

test('the exact estimator has no error, and its arrows are those of the exact score', () => {
  const learned = learnedFrom(questions, exact());
  expect(learned.scoreError).toBeLessThan(1e-5);
  expect(learned.jumps).toHaveLength(72);
  const { from, to } = learned.arrows[0]!;
  const z = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2] as const;
  const score = new Float64Array(2);
  target.density.smooth(0.5).score(Float64Array.from(z), score);
  const along = Math.atan2(to[1] - from[1], to[0] - from[0]);
  expect(along).toBeCloseTo(Math.atan2(score[1]!, score[0]!), 4);
});

test('an estimator that leaves ȳ where it is has an error of 1', () => {
  expect(learnedFrom(questions, questions.places).scoreError).toBeCloseTo(1, 5);
});

test('the least loss of one Gaussian is that of its posterior', () => {
  // x ~ N(0, s² I) under σ̃: each coordinate keeps a variance of s²σ̃²/(s² + σ̃²).
  const one = planeTarget({ target: 'mixture', points: [], centres: [[0, 0, 1, 1.5]] })!;
  const expected = (2 * 2.25 * 0.64) / (2.25 + 0.64);
  // 40,000 squares of normal numbers: 5 standard errors, an error rate of 1e-6.
  const error = (5 * expected * Math.sqrt(2)) / Math.sqrt(40_000);
  expect(Math.abs(questionsOf(one, { sigma: 0.8, radius: 6 }).leastLoss - expected)).toBeLessThan(
    error,
  );
});
