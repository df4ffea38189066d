import { expect, test } from 'vitest';
import { modelConfigSchema } from '../model/index.ts';
import { sequentialMember } from '../sample/index.ts';
import { anError } from '../testing-errors.ts';
import { usualWalk, walkOf } from './walk.ts';

const one = {
  parametrization: 'gps',
  view: 'denoised',
  shape: [2],
  network: { type: 'mlp', width: 4, layers: 1 },
};
const modelOf = (noise: object, more: object = {}) => ({
  config: modelConfigSchema.parse({
    ...one,
    noise: { type: 'gaussian', sigma: 1, measurements: 4, ...noise },
    ...more,
  }),
});
const family = modelOf(
  { levels: { from: 0.25, to: 1 } },
  { view: 'preconditioned', dataScale: { mean: [0, 0], deviation: 1 } },
);
const asked = { chains: 1, steps: 40, burnIn: 0, seed: 0 };

test('a model of many noise levels is walked one measurement after another, at its own class', () => {
  expect(usualWalk(asked, family)).toBe('sequential');
  expect(walkOf(asked, family)).toMatchObject({
    walk: 'sequential',
    effectiveSigma: 0.5,
    stepSize: 0.7,
    jumpEvery: 40,
  });
  expect(walkOf({ ...asked, sigma: 1, measurements: 16 }, family)).toMatchObject({
    walk: 'sequential',
    effectiveSigma: 0.25,
    measurements: 16,
  });
});

test.each([
  ['a model of one level', asked, modelOf({})],
  ['measurements beyond its levels', { ...asked, measurements: 64 }, family],
  ['a density that is steered', { ...asked, beta: 2 }, family],
  ['steps that are tuned', { ...asked, tune: true }, family],
])('joint for %s', (_, options, model) => {
  expect(usualWalk(options, model)).toBe('joint');
  expect(walkOf(options, model)).not.toHaveProperty('walk');
});

test('what is asked for is walked', () => {
  expect(walkOf({ ...asked, walk: 'mean' }, family)).toMatchObject({ walk: 'mean', stepSize: 0.5 });
});

test('a class that the model does not know is refused with those that it does', async () => {
  const walk = walkOf({ ...asked, effectiveSigma: 3 }, family);
  const { levels } = family.config.noise as { levels: { from: number; to: number } };
  expect(() => sequentialMember({ levels }, walk)).toThrow(anError('level'));
});

test('a walk is as long as it needs, where nothing is said', () => {
  const { steps: _, ...rest } = asked;
  expect(walkOf(rest, modelOf({}))).toMatchObject({ steps: 600, jumpEvery: 20 });
  // One jump: each begins anew.
  expect(walkOf(rest, family)).toMatchObject({ steps: 40, jumpEvery: 40 });
  expect(walkOf({ ...rest, jumpEvery: 10 }, family)).toMatchObject({ steps: 10, jumpEvery: 10 });
});
