import { describe, expect, test } from 'vitest';
import { inMemory } from '../data/dataset.ts';
import { exactDenoiser, gaussian, meanOfMeasurements } from '../density/index.ts';
import {
  createModel,
  type DenoiserFile,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
  type ParametrizationName,
} from '../model/index.ts';
import type { NetworkConfig } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { trainingSchema } from '../train/config.ts';
import { createTrainer } from '../train/trainer.ts';

const [TAU, SIGMA] = [[1.5, 0.4], 0.8] as const;

/** 4,000 draws of N(0, diag τ²) in the plane. */
function gaussianData() {
  const data = new Float32Array(8000);
  fillNormal(randomKey(7), 0, data);
  for (let i = 0; i < data.length; i++) data[i]! *= TAU[i % 2]!;
  const count = data.length / 2;
  return { name: 'gaussian', hash: 'gaussian', shape: [2], count, ...inMemory(data, count) };
}

async function fitted(
  parametrization: ParametrizationName,
  measurements: number,
  network: NetworkConfig,
  metaEncoder?: NetworkConfig,
) {
  const config: ModelConfig = {
    parametrization,
    view: 'denoised',
    shape: [2],
    network,
    noise: { type: 'gaussian', sigma: SIGMA, measurements },
    ...(metaEncoder && { metaEncoder }),
  };
  const training = trainingSchema.parse({
    steps: 1500,
    batch: 128,
    learningRate: 4e-3,
    ema: 0.99,
  });
  const trainer = await createTrainer({
    model: createModel(config),
    dataset: gaussianData(),
    config: training,
    device: 'cpu',
  });
  while (trainer.step < training.steps) await trainer.next();
  const bytes = exportDenoiser(config, await trainer.average());
  await trainer.release();
  return openDenoiser(bytes, 'model.onnx');
}

/** Points y [n, M, 2] from the M-density, and the exact x̂(ȳ) of each. */
async function testPoints(n: number, measurements: number) {
  const noise = new Float32Array(n * 2 * (measurements + 1));
  fillNormal(randomKey(9), 0, noise);
  const y = new Float32Array(n * measurements * 2);
  const ybar = new Float32Array(n * 2);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < 2; k++) {
      const x = TAU[k]! * noise[2 * i + k]!;
      for (let m = 0; m < measurements; m++) {
        const at = (i * measurements + m) * 2 + k;
        y[at] = x + SIGMA * noise[2 * n + at]!;
        ybar[2 * i + k]! += y[at]! / measurements;
      }
    }
  }
  const density = gaussian(
    [0, 0],
    [
      [TAU[0] ** 2, 0],
      [0, TAU[1] ** 2],
    ],
  );
  const exact = new Float32Array(2 * n);
  await exactDenoiser(density, SIGMA / Math.sqrt(measurements)).denoise(ybar, exact);
  return { y, ybar, exact };
}

const estimator: NetworkConfig = { type: 'mlp', width: 32, layers: 2 };
const autoencoder: NetworkConfig = { type: 'mlp-autoencoder', width: 32, layers: 1, latent: 2 };
const energy: NetworkConfig = { type: 'mlp-energy', width: 32, layers: 2 };

const cases: readonly (readonly [ParametrizationName, number, NetworkConfig, NetworkConfig?])[] = [
  ['gps', 4, estimator],
  ['gps-energy', 4, energy],
  ['gps-energy', 4, estimator],
  ['mem', 3, energy],
  ['mem-quadratic', 3, estimator],
  ['mem-quadratic', 3, estimator, energy],
  ['mdae', 3, estimator],
  ['muvb', 3, autoencoder],
];

const rms = (values: Iterable<number>) => {
  const squares = Array.from(values, (value) => value * value);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
};

/** x̂ of each point: the mean of the estimates by each measurement. */
async function jumps(model: DenoiserFile, input: Float32Array): Promise<Float32Array> {
  const { stacked = 1 } = model;
  const out = new Float32Array(input.length);
  await model.denoise(input, out);
  return meanOfMeasurements(out, stacked, 2);
}

/**
 * ∇ log p at the first value of each point, by central differences of the model's own log-density.
 */
async function slopes(model: DenoiserFile, input: Float32Array, size: number, step: number) {
  if (model.rate !== undefined) throw new Error('of counts');
  const shifted = async (by: number) => {
    const moved = input.map((value, i) => (i % size === 0 ? value + by : value));
    const out = new Float64Array(input.length / size);
    await model.logDensity!(moved, out);
    return out;
  };
  const [up, down] = [await shifted(step), await shifted(-step)];
  return up.map((value, i) => (value - down[i]!) / (2 * step));
}

describe.each([...cases])('%s at M = %i', (...given) => {
  const [name, measurements, network, meta] = given as unknown as (typeof cases)[number];
  const n = 400;

  test(`${network.type}: recovers the estimator of a Gaussian`, async () => {
    const model = await fitted(name, measurements, network, meta);
    if (model.rate !== undefined) throw new Error('of counts');
    const { stacked = 1, sigma, logDensity } = model;
    const { y, ybar, exact } = await testPoints(n, measurements);
    const input = stacked > 1 ? y : ybar;
    const found = await jumps(model, input);
    // Measured: 0.006 to 0.025 of the estimator's own size.
    expect(rms(found.map((value, i) => value - exact[i]!)) / rms(exact)).toBeLessThan(0.04);

    if (logDensity) {
      const size = 2 * stacked;
      const out = new Float32Array(input.length);
      await model.denoise(input, out);
      const scores = Float64Array.from(
        { length: n },
        (_, i) => (out[i * size]! - input[i * size]!) / sigma ** 2,
      );
      const differences = await slopes(model, input, size, 0.02);
      // Single precision, and the third derivative over 0.02.
      expect(rms(differences.map((value, i) => value - scores[i]!)) / rms(scores)).toBeLessThan(
        0.01,
      );
    }

    if (stacked > 1) {
      // Measurements in another order: the exact x̂ is the same, a network's is so as far as it has
      // learned it.
      const rotated = y.map((_, i) => {
        const row = Math.floor(i / (2 * stacked)) * 2 * stacked;
        return y[row + ((i - row + 2) % (2 * stacked))]!;
      });
      const other = await jumps(model, rotated);
      const change = rms(other.map((value, i) => value - found[i]!)) / rms(exact);
      expect(change).toBeGreaterThan(0);
      expect(change).toBeLessThan(0.04);
    }
    await model.release();
  });
});
