import { expect, test } from 'vitest';
import { exactDenoiser } from '../../src/density/density.ts';
import { gaussian } from '../../src/density/gaussian.ts';
import type { KernelName } from '../../src/sample/kernels/index.ts';
import { walkJump } from '../../src/sample/walk-jump.ts';
import { hintFor, spreadOf } from './hints.ts';

/**
 * Variance of ȳ of chains of a kernel where x hardly varies: only noise, of variance 1, spreads y.
 */
async function walkedSpread(kernel: KernelName, stepSize: number, friction: number) {
  const density = gaussian([0], [[1e-6]]);
  const chains = 400;
  let [sum, count] = [0, 0];
  const walk = walkJump(exactDenoiser(density, 1), {
    kernel,
    stepSize,
    friction,
    chains,
    seed: 5,
    burnIn: 200,
    steps: 1200,
    jumpEvery: 10,
  });
  for await (const { ybar } of walk) {
    for (const y of ybar) sum += y * y;
    count += ybar.length;
  }
  return sum / count;
}

// 48,000 draws, of which every tenth or so is new: a standard error of 2 %, and 4 of them allowed.
test.each([
  ['cheng', 0.5, 0.5],
  ['cheng', 0.5, 1],
  ['cheng', 0.3, 0.25],
  ['ula', 1, 0.5],
  ['sachs', 1, 0.5],
] as const)(
  'the spread of %s at a step of %d σ and a friction of %d is that of its chains',
  async (kernel, stepSize, friction) => {
    const predicted = spreadOf({ kernel, stepSize, friction });
    const walked = await walkedSpread(kernel, stepSize, friction);
    expect(Math.abs(walked / predicted - 1)).toBeLessThan(0.08);
  },
);

test('cheng at little friction is called unstable, and the friction that mends it is named', () => {
  const hint = hintFor({ kernel: 'cheng', stepSize: 0.5, friction: 1 / 16 });
  expect(hint?.text).toMatch(/cheng is unstable/);
  expect(hint?.friction).toBeGreaterThan(0.5);
  const mended = { kernel: 'cheng', stepSize: 0.5, friction: hint!.friction! };
  expect(hintFor(mended)).toBeUndefined();
});

test('steps beyond stability are met with a shorter one, and tests of acceptance with none', () => {
  expect(hintFor({ kernel: 'sachs', stepSize: 3, friction: 0.5 })?.stepSize).toBe(1.5);
  expect(hintFor({ kernel: 'ula', stepSize: 1.5, friction: 0.5 })?.text).toMatch(/too far/);
  expect(hintFor({ kernel: 'mala', stepSize: 3, friction: 0.5 })).toBeUndefined();
  expect(hintFor({ kernel: 'sachs', stepSize: 0.5, friction: 1 / 16 })).toBeUndefined();
});
