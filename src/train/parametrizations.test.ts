import { describe, expect, test } from 'vitest';
import { exactDenoiser, gaussian } from '../density/index.ts';
import {
  createModel,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
  type ParametrizationName,
} from '../model/index.ts';
import type { NetworkConfig } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { trainingSchema } from './config.ts';
import { inMemory } from './dataset.ts';
import { createTrainer } from './trainer.ts';

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
    ...{ parametrization, view: 'denoised', sigma: SIGMA, measurements, shape: [2], network },
    ...(metaEncoder && { metaEncoder }),
  };
  const training = trainingSchema.parse({
    ...{ sigma: SIGMA, measurements, steps: 1500, batch: 128, learningRate: 4e-3, ema: 0.99 },
  });
  const trainer = await createTrainer({
    ...{ model: createModel(config), dataset: gaussianData(), config: training, device: 'cpu' },
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

describe.each([...cases])('%s at M = %i', (...given) => {
  const [name, measurements, network, meta] = given as unknown as (typeof cases)[number];
  test(`${network.type}: recovers the estimator of a Gaussian`, async () => {
    const model = await fitted(name, measurements, network, meta);
    const n = 400;
    const { y, ybar, exact } = await testPoints(n, measurements);
    const stacked = model.stacked ?? 1;
    const input = stacked > 1 ? y : ybar;
    const out = new Float32Array(input.length);
    await model.denoise(input, out);
    let [error, signal] = [0, 0];
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < 2; k++) {
        let mean = 0;
        for (let m = 0; m < stacked; m++) mean += out[(i * stacked + m) * 2 + k]! / stacked;
        error += (mean - exact[2 * i + k]!) ** 2;
        signal += exact[2 * i + k]! ** 2;
      }
    }
    // Measured: 0.006 to 0.013 of the estimator's own size.
    expect(Math.sqrt(error / signal)).toBeLessThan(0.03);
    await model.release();
  });
});
