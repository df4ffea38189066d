import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { fillNormal, randomKey } from '../random.ts';
import { exponentOf, powerAverage } from './averages.ts';
import { reconstruct } from './post-hoc.ts';

const STEPS = 4000;
const EVERY = 200;

/**
 * A random walk: parameters that never settle, the worst case. Its averages at each step, by
 * length.
 */
function walk(seed: number, lengths: readonly number[]) {
  const moves = new Float32Array(STEPS);
  fillNormal(randomKey(seed), 0, moves);
  const averages = lengths.map((length) => powerAverage('', length));
  const values = lengths.map(() => 0);
  const kept: number[][] = [];
  let place = 0;
  for (let step = 1; step <= STEPS; step++) {
    place += moves[step - 1]!;
    averages.forEach(({ weight }, i) => {
      values[i] = values[i]! + weight(step) * (place - values[i]!);
    });
    kept.push([...values]);
  }
  return kept;
}

describe('an average made afterwards is the one that was kept on the way', () => {
  const stored = Array.from({ length: STEPS / EVERY }, (_, i) => (i + 1) * EVERY);
  const profiles = stored.flatMap((step) =>
    [0.05, 0.1].map((length) => ({ step, gamma: exponentOf(length) })),
  );

  test.each([
    { length: 0.04, step: 4000 },
    { length: 0.07, step: 4000 },
    { length: 0.15, step: 4000 },
    { length: 0.25, step: 4000 },
    { length: 0.1, step: 2000 },
  ])('$length at step $step, within 2 % of how far the walk goes', ({ length, step }) => {
    const { weights, error } = reconstruct(profiles, { length, step });
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(error).toBeLessThan(0.1);
    let [off, size] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const kept = walk(seed, [0.05, 0.1, length]);
      const made = stored.flatMap((at) => kept[at - 1]!.slice(0, 2));
      const sum = weights.reduce((total, weight, i) => total + weight * made[i]!, 0);
      off += (sum - kept[step - 1]![2]!) ** 2;
      // The variance of a walk after so many steps.
      size += step;
    }
    expect(Math.sqrt(off / size)).toBeLessThan(0.02);
  });

  test('a stored one is itself, with nothing of the others', () => {
    const { weights, error } = reconstruct(profiles.slice(0, 6), { length: 0.1, step: 3 * EVERY });
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(i === 5 ? 1 : 0, 6);
    });
    expect(error).toBeLessThan(1e-5);
  });

  test.each([
    { length: 0.29, facts: { option: 'length', length: 0.29 } },
    { length: 0, facts: { option: 'length', length: 0 } },
    { length: Number.NaN, facts: { option: 'length' } },
    { length: 1e-4, facts: { option: 'length', step: STEPS } },
  ])('refuses a length of $length', ({ length, facts }) => {
    let error: unknown;
    try {
      reconstruct(profiles, { length, step: STEPS });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ code: 'invalid', facts });
  });
});
