import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { smallImages } from '../run/testing.ts';
import { compileDenoiser, validationLoss } from './validation.ts';

const config: ModelConfig = {
  parametrization: 'gps',
  view: 'noise',
  noise: { type: 'gaussian', sigma: 0.8, measurements: 4 },
  shape: [1, 8, 8],
  network: findPreset('digits8').config,
};

test('a live denoiser is the exported one, whatever it has been before, at any batch', async () => {
  const model = createModel(config);
  const live = await compileDenoiser({ model, rows: 4, device: 'cpu' });
  expect(live).toMatchObject({ sigma: 0.4, shape: [1, 8, 8] });
  const z = new Float32Array(6 * 64);
  fillNormal(randomKey(1), 0, z);
  const [found, expected] = [new Float32Array(z.length), new Float32Array(z.length)];
  for (const seed of [1, 2]) {
    const parameters = initializeParameters(model.specs, seed);
    // The last layer starts at zero: move it.
    parameters.forEach((value, i) => {
      parameters[i] = value + 0.01 * Math.sin(i + seed);
    });
    live.load(parameters);
    await live.denoise(z, found);
    const file = await openDenoiser(exportDenoiser(config, parameters), 'test');
    await file.denoise(z, expected);
    await file.release();
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-4);
    await live.denoise(z, expected);
    expect(expected).toEqual(found);
  }
  await live.release();
});

describe('the validation loss', () => {
  const options = { seed: 7, batch: 16 };

  test('of ν(z) = a z at points of a Gaussian is its expectation', async () => {
    // x ~ N(0, s²I), z = x + σε: E‖x − a z‖² = d ((1 − a)² s² + a² σ²).
    const [count, d, s, sigma, a] = [20_000, 3, 2, 0.5, 0.7];
    const data = new Float32Array(count * d);
    fillNormal(randomKey(3), 0, data);
    for (let i = 0; i < data.length; i++) data[i]! *= s;
    const points: Dataset = {
      name: 'points',
      count,
      shape: [d],
      hash: '',
      ...inMemory(data, count),
    };
    const denoise = async (z: Float32Array, out: Float32Array) => {
      for (let i = 0; i < z.length; i++) out[i] = a * z[i]!;
    };
    const loss = await validationLoss({ shape: [d], sigma, denoise }, points, options);
    const expected = d * ((1 - a) ** 2 * s ** 2 + a ** 2 * sigma ** 2);
    // 20,000 examples: a standard error of 0.6 %.
    expect(Math.abs(loss / expected - 1)).toBeLessThan(0.02);
  });

  test('reads bytes as [0, 1], and is the same in any batches', async () => {
    const images = smallImages();
    const zero = {
      shape: [1, 8, 8],
      sigma: 0.5,
      denoise: async (_: unknown, out: Float32Array) => void out.fill(0),
    };
    const bytes = new Uint8Array(50 * 64);
    for (let i = 0; i < 50; i++) images.read(i, bytes, i * 64);
    const expected = bytes.reduce((sum, byte) => sum + (byte / 255) ** 2 / 50, 0);
    expect(await validationLoss(zero, images, options)).toBeCloseTo(expected, 4);

    const same = { ...zero, denoise: async (z: Float32Array, out: Float32Array) => out.set(z) };
    const losses = await Promise.all(
      [1, 16, 50].map((batch) => validationLoss(same, images, { ...options, batch })),
    );
    expect(losses[1]).toBeCloseTo(losses[0]!, 9);
    expect(losses[2]).toBeCloseTo(losses[0]!, 9);
    expect(await validationLoss(same, images, { seed: 8, batch: 50 })).not.toBeCloseTo(
      losses[0]!,
      3,
    );
  });

  test('ends between two batches when it is told to', async () => {
    const controller = new AbortController();
    let batches = 0;
    const denoise = async () => {
      batches += 1;
      controller.abort(new Error('enough'));
    };
    const { signal } = controller;
    const work = validationLoss({ shape: [1, 8, 8], sigma: 1, denoise }, smallImages(), {
      ...options,
      signal,
    });
    await expect(work).rejects.toThrow('enough');
    expect(batches).toBe(1);
  });
});
