import { expect, test } from 'vitest';
import { exactDenoiser, findTarget } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { byChain, collect, collector } from './collect.ts';
import type { Jump } from './jump.ts';
import { walkJump } from './walk-jump.ts';

const denoiser = exactDenoiser(findTarget('two-moons'), 0.5);
const options = { chains: 3, steps: 12, burnIn: 2, jumpEvery: 4, seed: 5 };

test('draws stand by chain, with their steps, calls and acceptance', async () => {
  const jumps: Jump[] = [];
  for await (const jump of walkJump(denoiser, { ...options, kernel: 'mala' })) jumps.push(jump);
  const draws = await collect(walkJump(denoiser, { ...options, kernel: 'mala' }));
  expect(draws.shape).toEqual([3, 3, 2]);
  expect(draws.steps).toEqual([6, 10, 14]);
  jumps.forEach((jump, draw) => {
    for (let chain = 0; chain < 3; chain++) {
      const at = 2 * (chain * 3 + draw);
      const row = (array: Float32Array) => array.slice(2 * chain, 2 * chain + 2);
      expect(draws.data.slice(at, at + 2)).toEqual(row(jump.xhat));
      expect(draws.ybar.slice(at, at + 2)).toEqual(row(jump.ybar));
      expect(draws.acceptance![chain * 3 + draw]).toBe(jump.acceptance![chain]);
    }
  });
  // The start, 14 steps, and jumps: those at an accepted proposal cost nothing more.
  expect(draws.scoreCalls).toBeGreaterThanOrEqual(15);
  expect(draws.scoreCalls).toBeLessThanOrEqual(18);
});

test('calls of a walk whose scores lie elsewhere than its jumps: one a step and one a jump', async () => {
  const draws = await collect(walkJump(denoiser, options));
  expect(draws.scoreCalls).toBe(14 + 3);
  expect(draws.acceptance).toBeUndefined();
});

test('a collected walk goes on from its state to the same bits', async () => {
  const whole = await collect(walkJump(denoiser, { ...options, steps: 20 }));
  const first = await collect(walkJump(denoiser, options));
  const rest = await collect(walkJump(denoiser, { ...options, steps: 20, initial: first.state }));
  expect(rest.steps).toEqual([18, 22]);
  for (let chain = 0; chain < 3; chain++) {
    const [from, own] = [2 * (chain * 5 + 3), 2 * (chain * 2)];
    expect(rest.data.slice(own, own + 4)).toEqual(whole.data.slice(from, from + 4));
  }
});

test('what was drawn before a walk was stopped can be had', async () => {
  const controller = new AbortController();
  const drawn = collector();
  const walk = async () => {
    for await (const jump of walkJump(denoiser, { ...options, signal: controller.signal })) {
      drawn.add(jump);
      if (drawn.count === 2) controller.abort();
    }
  };
  await expect(walk()).rejects.toHaveProperty('name', 'AbortError');
  expect(drawn.draws().steps).toEqual([6, 10]);
});

test('a walk without a jump says so', async () => {
  const error = await collect(walkJump(denoiser, { ...options, jumpEvery: 13 })).catch(
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code: 'invalid', facts: { option: 'steps' } });
});

test('byChain keeps the kind of array', () => {
  const frames = [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6, 7, 8)];
  expect(byChain(frames, 2)).toEqual(Float64Array.of(1, 2, 5, 6, 3, 4, 7, 8));
});
