import { describe, expect, test } from 'vitest';
import { exactDenoiser, findTarget } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { collect } from './collect.ts';
import type { Kernel, State } from './kernel.ts';
import { countKernels, kernels } from './kernels/index.ts';
import type { KernelOption } from './options.ts';
import { walkJump } from './walk-jump.ts';

const denoiser = exactDenoiser(findTarget('rings'), 0.4);
const walk = (kernel: KernelOption) =>
  collect(walkJump(denoiser, { kernel, chains: 2, steps: 8, jumpEvery: 4, seed: 3 }));

const failure = (call: () => Promise<unknown>) =>
  (async () => call())().then(
    () => undefined,
    (error: unknown) => (error instanceof UserError ? error : undefined),
  );

/** A random walk that ignores its target. */
const own: Kernel = {
  ...kernels.ula,
  name: 'own',
  start: (_, parameters, noise) => ({
    init: async (position) => ({ step: 0, position: position.slice() }),
    async step(state) {
      const xi = new Float32Array(state.position.length);
      noise.normal(9, state.step, xi);
      for (let i = 0; i < xi.length; i++) state.position[i]! += parameters.stepSize * xi[i]!;
      state.step += 1;
      return { scoreCalls: 0 };
    },
  }),
};

test.each(Object.values(kernels) as Kernel[])(
  '$name: the value walks as its name',
  async (kernel) => {
    expect(await walk(kernel)).toEqual(await walk(kernel.name as 'sachs'));
  },
);

test('a kernel of one’s own walks', async () => {
  const draws = await walk(own);
  expect(draws.shape).toEqual([2, 2, 2]);
  expect(draws.scoreCalls).toBe(2);
});

test('every kernel says its title, and what it uses', () => {
  for (const kernel of [...Object.values(kernels), ...Object.values(countKernels)] as Kernel[]) {
    expect(kernel.title.length).toBeGreaterThan(3);
    expect(Object.keys(kernel.uses)).toEqual(['friction', 'inverseMass', 'trajectory']);
  }
});

/** Parameters that a kernel does not use change no bit; those it uses do. */
test.each(Object.values(kernels) as Kernel[])('$name uses what it says', async (kernel) => {
  const options = { kernel, chains: 2, steps: 8, jumpEvery: 8, seed: 3, trajectorySteps: 4 };
  const usual = await collect(walkJump(denoiser, options));
  const moved = async (change: object) =>
    (await collect(walkJump(denoiser, { ...options, ...change }))).ybar.some(
      (value, i) => value !== usual.ybar[i],
    );
  expect(await moved({ friction: 0.9 })).toBe(kernel.uses.friction);
  expect(await moved({ inverseMass: 0.7 })).toBe(kernel.uses.inverseMass);
  expect(await moved({ trajectorySteps: 6 })).toBe(kernel.uses.trajectory);
});

describe('what is no kernel is refused', () => {
  const start = (begin: object | undefined) =>
    ({ ...own, start: () => begin }) as unknown as Kernel;
  const step = async () => ({ scoreCalls: 1 });
  const init = (state: unknown) => start({ step, init: async () => state as State });
  test.each([
    ['a number', 3 as unknown as Kernel, 'kernel'],
    ['nothing', null as unknown as Kernel, 'kernel'],
    ['no start', { ...own, start: undefined } as unknown as Kernel, 'start'],
    ['no price', { ...own, scoreCalls: Number.NaN }, 'scoreCalls'],
    ['no name', { ...own, name: undefined } as unknown as Kernel, 'name'],
    ['a start that gives nothing', start(undefined), 'init'],
    ['no init', start({ step }), 'init'],
    ['no step', start({ init: async () => ({ step: 0, position: new Float32Array(4) }) }), 'step'],
    ['init gives nothing', init(undefined), 'init'],
    ['another length', init({ step: 0, position: new Float32Array(3) }), 'init'],
    ['no array', init({ step: 0, position: [0, 0, 0, 0] }), 'init'],
    ['no step number', init({ position: new Float32Array(4) }), 'init'],
    ['not finite', init({ step: 0, position: Float32Array.of(0, 0, Number.NaN, 0) }), 'init'],
  ])('%s', async (_, kernel, part) => {
    const error = await failure(() => walk(kernel));
    expect(error).toMatchObject({ code: 'shape', facts: { option: 'kernel', part } });
    expect(error!.message).not.toContain('\n');
  });

  test('a kernel of counts on a model of Gaussian noise, and the other way round', async () => {
    const error = await failure(() => walk(countKernels['tau-leap']));
    expect(error).toMatchObject({ code: 'mismatch', facts: { value: 'tau-leap' } });
    const counts = {
      shape: [1],
      rate: 2,
      denoise: async (s: Float32Array, out: Float32Array) => void out.set(s),
    };
    const wrong = await failure(async () =>
      walkJump(counts, { chains: 1, steps: 1, kernel: kernels.sachs }),
    );
    expect(wrong).toMatchObject({ code: 'mismatch', facts: { value: 'sachs' } });
  });
});
