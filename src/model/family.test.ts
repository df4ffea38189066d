import { describe, expect, test } from 'vitest';
import { findPreset, initializeParameters, type NetworkConfig } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import type { ModelConfig } from './config.ts';
import { fixLevel, openDenoiser } from './denoiser-file.ts';
import { exportDenoiser } from './export-denoiser.ts';
import { createModel } from './model.ts';
import { readTrainedModel } from './weights.ts';

const dataScale = { mean: [0.4], deviation: 0.3 };
const levels = { from: 0.2, to: 1.6 };
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'preconditioned',
  shape: [1, 8, 8],
  dataScale,
  noise: { type: 'gaussian', sigma: 1, measurements: 4, levels },
  condition: { type: 'class', classes: 3, names: ['cat', 'dog', 'ship'], dropout: 0.1 },
  network: findPreset('digits8').config,
};

/** Parameters that say something: the last layer starts at zero. */
function parametersOf(model: ModelConfig): Float32Array {
  const start = initializeParameters(createModel(model).specs, 0);
  return start.map((value, i) => value + 0.05 * Math.sin(i));
}

async function open(model = config, options = {}, parameters = parametersOf(model)) {
  const file = await openDenoiser(exportDenoiser(model, parameters), 'family', options);
  if (file.rate !== undefined) throw new Error('of counts');
  return file;
}

const ROWS = 5;
const z = new Float32Array(64 * ROWS);
fillNormal(randomKey(1), 0, z);

async function denoised(
  estimator: { denoise(z: Float32Array, out: Float32Array): Promise<void> },
  from = z,
) {
  const out = new Float32Array(from.length);
  await estimator.denoise(from, out);
  return out;
}

const apart = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

const row = (all: Float32Array, i: number) => all.subarray(64 * i, 64 * (i + 1));

test('a file of a family is opened at its own member, at another, and gives any by `at`', async () => {
  const file = await open();
  expect(file).toMatchObject({ shape: [1, 8, 8], sigma: 0.5, levels });
  expect(file.at(0.25)).toMatchObject({ sigma: 0.25, shape: [1, 8, 8] });
  const [own, same, other] = [
    await denoised(file),
    await denoised(file.at(0.5)),
    await denoised(file.at(1.2)),
  ];
  expect(same).toEqual(own);
  expect(apart(own, other)).toBeGreaterThan(0.05);
  const there = await open(config, { sigma: 1.2 });
  expect(there.sigma).toBe(1.2);
  expect(await denoised(there)).toEqual(other);
  await there.release();
  await file.release();
});

test('each example of a batch has its own condition, null is none', async () => {
  const file = await open();
  const choices = [0, 'dog', null, 2, null];
  const mixed = await denoised(file.at(0.5, { class: choices }));
  for (const [i, choice] of choices.entries()) {
    const alone = await denoised(file.at(0.5, { class: choice }), row(z, i).slice());
    expect(apart(row(mixed, i), alone)).toBeLessThan(1e-5);
  }
  const none = await denoised(file);
  expect(apart(row(mixed, 2), row(none, 2))).toBeLessThan(1e-5);
  expect(apart(row(mixed, 0), row(none, 0))).toBeGreaterThan(1e-3);
  await file.release();
});

describe('what a family does not know is refused', () => {
  test('levels, classes and conditions', async () => {
    const file = await open();
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => file.at(0.1)).toThrow(refused('level'));
    expect(() => file.at(1.7)).toThrow(refused('level'));
    expect(() => file.at(0.5, { class: 3 })).toThrow(refused('invalid'));
    expect(() => file.at(0.5, { class: 'cta' })).toThrow(refused('invalid'));
    expect(() => file.at(0.5, { vector: [1, 2] })).toThrow(refused('unsupported'));
    await expect(denoised(file.at(0.5, { class: [0, 1] }))).rejects.toThrow(refused('shape'));
    await file.release();
    await expect(open(config, { sigma: 2 })).rejects.toThrow(refused('level'));
    const { condition: _, ...plain } = config;
    await expect(open(plain, { condition: { class: 0 } })).rejects.toThrow(refused('unsupported'));
  });

  test('vectors of another size', async () => {
    const file = await open({ ...config, condition: { type: 'vector', size: 3, dropout: 0 } });
    expect(() => file.at(0.5, { vector: [1, 2] })).toThrow(
      expect.objectContaining({ code: 'shape', facts: { given: 2, size: 3 } }),
    );
    const [given, none] = [
      await denoised(file.at(0.5, { vector: [1, 0, 2] })),
      await denoised(file),
    ];
    expect(apart(given, none)).toBeGreaterThan(1e-3);
    const zeros = await denoised(file.at(0.5, { vector: [0, 0, 0] }));
    expect(zeros).toEqual(none);
    await file.release();
  });
});

test('a family fixed to one level is a model of that class, with the same weights', async () => {
  const parameters = parametersOf(config);
  const fixed = fixLevel(config, { sigma: 1, measurements: 16 }, 'family');
  const file = await open(fixed, {}, parameters);
  expect(file.sigma).toBe(0.25);
  const family = await open();
  expect(apart(await denoised(file), await denoised(family.at(0.25)))).toBeLessThan(1e-5);
  expect(() => file.at(0.5)).toThrow(expect.objectContaining({ code: 'level' }));
  expect(() => fixLevel(config, { sigma: 2, measurements: 1 }, 'family')).toThrow(
    expect.objectContaining({ code: 'level' }),
  );
  expect(readTrainedModel(exportDenoiser(fixed, parameters), 'f')).toEqual({
    config: fixed,
    parameters,
  });
  await Promise.all([file.release(), family.release()]);
});

const networks: Record<string, readonly [NetworkConfig, readonly number[]]> = {
  mlp: [findPreset('mlp').config, [3]],
  bytenet: [findPreset('bytenet-s').config, [4, 9]],
  'additive-unet': [findPreset('digits8').config, [1, 8, 8]],
  unet: [
    {
      ...(findPreset('unet-s').config as Extract<NetworkConfig, { type: 'unet' }>),
      modelChannels: 8,
      groups: 4,
      attentionResolutions: [4],
    },
    [1, 8, 8],
  ],
};

describe.each(Object.entries(networks))('%s', (_, [network, shape]) => {
  const model: ModelConfig = {
    ...config,
    network,
    shape,
    dataScale: { mean: Array<number>(shape[0]!).fill(0.1), deviation: 0.5 },
  };

  test('is told level and class, under guided-diffusion’s names', async () => {
    const names = createModel(model).specs.map(({ name }) => name);
    for (const name of ['time_embed.0.weight', 'time_embed.2.bias', 'label_emb.weight']) {
      expect(names).toContain(name);
    }
    const file = await open(model);
    const size = shape.reduce((a, b) => a * b);
    const from = new Float32Array(7 * size);
    fillNormal(randomKey(2), 0, from);
    const [low, high] = [await denoised(file.at(0.3), from), await denoised(file.at(0.6), from)];
    expect(apart(low, high)).toBeGreaterThan(1e-3);
    const cat = await denoised(file.at(0.3, { class: 'cat' }), from);
    expect(apart(low, cat)).toBeGreaterThan(1e-4);
    await file.release();
  });

  test('has no further weights where it is told nothing', () => {
    const { condition: _, ...rest } = model;
    const single = { ...rest, noise: { type: 'gaussian', sigma: 1, measurements: 1 } } as const;
    const names = createModel(single).specs.map(({ name }) => name);
    expect(names.some((name) => /label_emb|\bemb\./.test(name))).toBe(false);
  });
});

describe('the preconditioned view (Karras et al. 2022, table 1)', () => {
  // A network that says nothing leaves ν(z) = μ + σ_d²/(σ̃² + σ_d²)·(z − μ): exact for N(μ, σ_d²I).
  const expected = (sigma: number) => {
    const share = dataScale.deviation ** 2 / (sigma ** 2 + dataScale.deviation ** 2);
    return z.map((value) => 0.4 + share * (value - 0.4));
  };

  test.each([
    ['a family', config],
    ['one level', { ...config, noise: { type: 'gaussian', sigma: 1, measurements: 4 } } as const],
  ])('of %s starts as the posterior mean of Gaussian data', async (_, model) => {
    const start = initializeParameters(createModel(model).specs, 0);
    const file = await open(model, {}, start);
    expect(apart(await denoised(file.at(0.5)), expected(0.5))).toBeLessThan(1e-5);
    if (model === config) {
      expect(apart(await denoised(file.at(1.3)), expected(1.3))).toBeLessThan(1e-5);
    }
    await file.release();
  });

  test('goes with gps alone, needs the scale of the data, and no input scale', () => {
    const { dataScale: _, ...without } = config;
    const refuse = (model: ModelConfig, code: string) =>
      expect(() => createModel(model)).toThrow(expect.objectContaining({ code }));
    refuse(without, 'invalid');
    refuse({ ...config, inputScale: 2 }, 'mismatch');
    refuse({ ...config, parametrization: 'gps-energy' }, 'unsupported');
    refuse({ ...config, view: 'denoised', parametrization: 'mdae' }, 'unsupported');
  });
});
