import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { div, exportOnnx, mul, reduceSum, reshape, sqrt } from '../graph/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import type { ModelConfig } from './config.ts';
import { describeDenoiser, openDenoiser } from './denoiser-file.ts';
import { exportDenoiser } from './export-denoiser.ts';
import { createModel } from './model.ts';

const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 1, measurements: 4 },
  shape: [2],
  network: findPreset('mlp').config,
};

/** x̂ = ȳ/2 with the metadata given. */
const half = (metadata: Record<string, string>) =>
  exportOnnx({
    build: (x) => mul(x, 0.5),
    shape: [2],
    inputName: 'in',
    outputName: 'out',
    metadata,
  });

test('an exported denoiser says what it is, and its effective noise σ/√M', async () => {
  const bytes = exportDenoiser(config, initializeParameters(createModel(config).specs, 0));
  expect(await describeDenoiser(bytes, 'own')).toEqual({ shape: [2], config });
  const denoiser = await openDenoiser(bytes, 'own', { sigma: 0.5 });
  expect(denoiser).toMatchObject({ shape: [2], config, sigma: 0.5 });
  await denoiser.release();
  await expect(openDenoiser(bytes, 'own', { sigma: 1 })).rejects.toThrow(
    'own: was trained at effective noise 0.5, not 1; leave --sigma out',
  );
});

test('a denoiser from elsewhere is described without a noise level, and opened with one', async () => {
  const bytes = half({});
  expect(await describeDenoiser(bytes, 'half')).toEqual({ shape: [2], config: undefined });
  await expect(openDenoiser(bytes, 'half')).rejects.toThrow(
    'half: does not say its noise level; give it with --sigma',
  );
  const denoiser = await openDenoiser(bytes, 'half', { sigma: 0.3 });
  const out = new Float32Array(4);
  await denoiser.denoise(Float32Array.of(1, 2, 3, 4), out);
  expect([...out]).toEqual([0.5, 1, 1.5, 2]);
  await denoiser.release();
});

test('a denoiser from elsewhere is tried before it is walked', async () => {
  const names = { shape: [2], inputName: 'in', outputName: 'out' };
  const root = exportOnnx({ build: sqrt, ...names });
  await expect(openDenoiser(root, 'root.onnx', { sigma: 0.5 })).rejects.toThrow(
    new UserError(
      'root.onnx: gives NaN for noise of deviation 0.5; check its weights, and --sigma',
    ),
  );
  const blown = exportOnnx({ build: (x) => div(x, 0), ...names });
  await expect(openDenoiser(blown, 'blown', { sigma: 0.5 })).rejects.toThrow(
    /gives -?Infinity for/,
  );
});

test('a file from elsewhere with an output "energy" gives a log-density, at every z its own', async () => {
  // N(0, I) in the plane: φ(z) = ‖z‖²/(2(1 + σ²)), ν(z) = z/(1 + σ²).
  const [sigma, variance] = [0.5, 1.25];
  const bytes = exportOnnx({
    build: (z) => div(z, variance),
    scalars: (z) => ({
      energy: div(reshape(reduceSum(mul(z, z), 1), [z.shape[0]!]), 2 * variance),
    }),
    shape: [2],
    inputName: 'in',
    outputName: 'out',
  });
  const denoiser = await openDenoiser(bytes, 'gaussian', { sigma });
  if (denoiser.rate !== undefined) throw new Error('of counts');
  for (const z of [
    Float32Array.of(1, 2, 3, 4),
    Float32Array.of(1, 2, -3, 1),
    Float32Array.of(5, 0),
  ]) {
    const [log, out] = [new Float64Array(z.length / 2), new Float32Array(z.length)];
    await denoiser.logDensity!(z, log);
    await denoiser.denoise(z, out);
    log.forEach((value, i) => {
      expect(value).toBeCloseTo(-(z[2 * i]! ** 2 + z[2 * i + 1]! ** 2) / (2 * variance), 5);
    });
    out.forEach((value, i) => {
      expect(value).toBeCloseTo(z[i]! / variance, 5);
    });
  }
  await denoiser.release();
});

test.each([
  ['{', /its metadata "mdensity" is damaged; export the model again/],
  ['{}', /is damaged/],
  [JSON.stringify({ ...config, noise: { ...config.noise, sigma: 0 } }), /is damaged/],
  [JSON.stringify({ ...config, noise: { ...config.noise, measurements: 0 } }), /is damaged/],
  [JSON.stringify({ ...config, shape: [3] }), /says examples of \[3\], its input takes \[2\]/],
])('metadata %s is one line that names the file', async (mdensity, finds) => {
  const error = await openDenoiser(half({ mdensity }), 'odd.onnx').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(/^odd\.onnx: /);
  expect((error as Error).message).toMatch(finds);
});

test('a model of sequences says its alphabet, and takes any batch', async () => {
  const sequences: ModelConfig = {
    ...config,
    shape: [5, 9],
    network: findPreset('bytenet-s').config,
    alphabet: { letters: 'ACGT-', gap: true },
  };
  const { specs } = createModel(sequences);
  const start = initializeParameters(specs, 0);
  // The last layer starts at zero: give it something to say.
  const parameters = start.map((value, i) => value + 0.1 * Math.sin(i));
  const bytes = exportDenoiser(sequences, parameters);
  expect(await describeDenoiser(bytes, 'own')).toEqual({ shape: [5, 9], config: sequences });
  const denoiser = await openDenoiser(bytes, 'own');
  const z = Float32Array.from({ length: 3 * 45 }, (_, i) => Math.cos(i));
  const [all, one] = [new Float32Array(z.length), new Float32Array(45)];
  await denoiser.denoise(z, all);
  await denoiser.denoise(z.slice(45, 90), one);
  one.forEach((value, i) => {
    expect(all[45 + i]).toBeCloseTo(value, 5);
  });
  expect(one.some((value) => Math.abs(value) > 0.01)).toBe(true);
  await denoiser.release();
});

test('an alphabet of other letters than the shape is damage', () => {
  const alphabet = { letters: 'ACG', gap: false };
  const wrong = half({ mdensity: JSON.stringify({ ...config, alphabet }) });
  return expect(describeDenoiser(wrong, 'own')).rejects.toThrow(
    'own: its metadata "mdensity" is damaged; export the model again',
  );
});
