import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import { poisson } from '../density/index.ts';
import {
  createModel,
  type DenoiserFile,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
} from '../model/index.ts';
import { randomKey } from '../random.ts';
import { createBatches } from '../train/batches.ts';
import { trainingSchema } from '../train/config.ts';
import { createTrainer } from '../train/trainer.ts';
import { validationLoss } from '../train/validation.ts';
import { walkJump } from './index.ts';

/** λ of one measurement, and M. */
const [RATE, M] = [1.5, 2] as const;
const prior = poisson({
  weights: [0.4, 0.6],
  intensities: [
    [0.5, 2],
    [2, 0.8],
  ],
});

function dataset(count = 4000): Dataset {
  const data = Float32Array.from(prior.sample(randomKey(7), count));
  return { name: 'places', hash: 'places', shape: [2], count, ...inMemory(data, count) };
}

const networks = {
  poisson: { type: 'mlp', width: 64, layers: 2 },
  'poisson-energy': { type: 'mlp-energy', width: 64, layers: 2 },
} as const;

async function fitted(
  parametrization: keyof typeof networks,
  background: number,
): Promise<DenoiserFile> {
  const config: ModelConfig = {
    parametrization,
    view: 'denoised',
    shape: [2],
    network: networks[parametrization],
    noise: { type: 'poisson', rate: RATE, background, measurements: M },
  };
  const training = trainingSchema.parse({
    steps: 2000,
    batch: 256,
    learningRate: 4e-3,
    ema: 0.99,
  });
  const trainer = await createTrainer({
    model: createModel(config),
    dataset: dataset(),
    config: training,
    device: 'cpu',
  });
  while (trainer.step < training.steps) await trainer.next();
  const bytes = exportDenoiser(config, await trainer.average());
  await trainer.release();
  return openDenoiser(bytes, 'model.onnx');
}

const SIDE = 24;
/**
 * Every pair of counts of a small lattice: the sums of M = 2 measurements, almost all of their law.
 */
const lattice = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) =>
  i % 2 === 0 ? Math.floor(i / 2) % SIDE : Math.floor(i / 2 / SIDE),
);
/** The law of the sum of counts where the background is added. */
const lawAt = (background: number) =>
  poisson({
    weights: prior.weights,
    intensities: prior.intensities.map((values) => values.map((value) => value + background)),
  }).observe(1, M * RATE);

function exactOnLattice(background: number) {
  const law = lawAt(background);
  const logDensity = new Float64Array(SIDE * SIDE);
  const estimate = new Float64Array(lattice.length);
  const logRatio = new Float64Array(lattice.length);
  law.logDensity(lattice, logDensity);
  law.estimate(lattice, estimate);
  law.logRatio(lattice, logRatio);
  return {
    p: logDensity.map(Math.exp),
    estimate: estimate.map((value) => value - background),
    ratio: logRatio.map(Math.exp),
  };
}

describe.each([
  ['poisson', 0],
  ['poisson', 0.5],
  ['poisson-energy', 0.5],
] as const)('%s, background %f', (name, background) => {
  test('learns the estimator and the ratios of neighbours; its walk has the exact law', async () => {
    const model = await fitted(name, background);
    const { p, estimate, ratio } = exactOnLattice(background);
    expect(p.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(0.9999);
    const found = new Float32Array(lattice.length);
    await model.denoise(lattice, found);
    let [square, size, ratioSquare, ratioSize] = [0, 0, 0, 0];
    for (let i = 0; i < found.length; i++) {
      const weight = p[Math.floor(i / 2)]!;
      square += weight * (found[i]! - estimate[i]!) ** 2;
      size += weight * estimate[i]! ** 2;
      // p(s + e)/p(s) = Λ(x̂ + b)/(s + 1), by the ratio identity.
      const own = (M * RATE * (found[i]! + background)) / (lattice[i]! + 1);
      ratioSquare += weight * (own - ratio[i]!) ** 2;
      ratioSize += weight * ratio[i]! ** 2;
    }
    // Measured: 0.006 to 0.007, and 0.007 to 0.013, of the size of each.
    expect(Math.sqrt(square / size)).toBeLessThan(0.03);
    expect(Math.sqrt(ratioSquare / ratioSize)).toBeLessThan(0.03);

    // Any (M, λ) of the class, by leaps and by single events: the mean of the sum is Λ(E[x] + b).
    for (const walk of [
      { kernel: 'tau-leap', measurements: 3, stepSize: 0.05, steps: 200 },
      { kernel: 'birth-death', measurements: 1, stepSize: 8, steps: 1 },
    ] as const) {
      const chains = 1500;
      const means = [0, 0];
      for await (const { ybar } of walkJump(model, { ...walk, chains, jumpEvery: walk.steps })) {
        for (let i = 0; i < ybar.length; i++) means[i % 2]! += ybar[i]! / chains;
      }
      // Standard errors of at most 0.084, 4 of them: what a leap of 0.05 and the fit leave is
      // within.
      const mean = [0.4 * 0.5 + 0.6 * 2, 0.4 * 2 + 0.6 * 0.8].map(
        (x) => M * RATE * (x + background),
      );
      for (const l of [0, 1]) expect(Math.abs(means[l]! - mean[l]!)).toBeLessThan(0.35);
    }
    await expect(model.denoise(Float32Array.of(-1, 2), new Float32Array(2))).rejects.toThrow(
      'model.onnx: -1 is not a count; give whole numbers of 0 or more',
    );
    await model.release();
  });
});

test('held-out loss of the exact estimator is the posterior variance', async () => {
  const denoise = async (s: Float32Array, out: Float32Array) => lawAt(0).estimate(s, out);
  const count = 20_000;
  const loss = await validationLoss(
    { shape: [2], rate: M * RATE, denoise },
    { ...dataset(count) },
    { seed: 1, batch: 1000 },
  );
  // E‖x − x̂(s)‖² over the lattice: Σ_s p(s) (E[‖x‖² | s] − ‖x̂(s)‖²) = E‖x‖² − Σ_s p(s)‖x̂(s)‖².
  const { p, estimate } = exactOnLattice(0);
  const second = 0.4 * (0.25 + 4) + 0.6 * (4 + 0.64);
  const variance = estimate.reduce((left, x, i) => left - p[Math.floor(i / 2)]! * x * x, second);
  // Values are at most ‖x_1 − x_2‖² = 3.7, so a standard error is below 0.013; 4 of them.
  expect(Math.abs(loss - variance)).toBeLessThan(0.05);
});

test('a batch of counts is a function of the seed and its index', () => {
  const fill = (index: number) => {
    const batches = createBatches(dataset(10), { seed: 3, batch: 4, flip: false, rate: 5 });
    const [x, counts] = [new Float32Array(8), new Float32Array(8)];
    batches.fill(index, x, counts);
    return { x, counts };
  };
  expect(fill(7)).toEqual(fill(7));
  expect(fill(8).counts).not.toEqual(fill(7).counts);
  expect(fill(7).counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
});

describe('bad input is one line', () => {
  const noise = { type: 'poisson', rate: RATE, background: 0, measurements: M } as const;
  const config = (over: Partial<ModelConfig>): ModelConfig => ({
    parametrization: 'poisson',
    view: 'denoised',
    noise,
    shape: [2],
    network: networks.poisson,
    ...over,
  });

  test('data below 0', async () => {
    const data = Float32Array.of(1, 2, 3, -0.5);
    const given = { ...dataset(), count: 2, ...inMemory(data, 2) };
    const training = trainingSchema.parse({ batch: 2 });
    const model = createModel(config({}));
    await expect(
      createTrainer({ model, dataset: given, config: training, device: 'cpu' }),
    ).rejects.toThrow(
      /^places: example 1 has -0.5 at 1, which is no intensity; Poisson counts need/,
    );
  });

  test('a rate of more counts than are kept exactly', async () => {
    const training = trainingSchema.parse({ batch: 2 });
    const model = createModel(config({ noise: { ...noise, rate: 1e7 } }));
    await expect(
      createTrainer({ model, dataset: dataset(10), config: training, device: 'cpu' }),
    ).rejects.toThrow(/^rate: Mλ = 20000000 expects up to 4.00e\+7 counts of places, and no more/);
  });

  test('noise of the other kind, another view, too many dimensions', () => {
    const gaussian = { type: 'gaussian', sigma: 1, measurements: M } as const;
    expect(() => createModel(config({ noise: gaussian }))).toThrow(
      expect.objectContaining({
        code: 'mismatch',
        facts: expect.objectContaining({ takes: 'poisson' }),
      }),
    );
    expect(() => createModel(config({ parametrization: 'gps' }))).toThrow(
      expect.objectContaining({
        code: 'mismatch',
        facts: expect.objectContaining({ takes: 'gaussian' }),
      }),
    );
    expect(() => createModel(config({ view: 'noise' }))).toThrow(
      /^view noise: parametrization poi/,
    );
    const large = {
      parametrization: 'poisson-energy',
      shape: [400],
      network: networks['poisson-energy'],
    };
    expect(() => createModel(config(large as Partial<ModelConfig>))).toThrow(
      /^parametrization poisson-energy: an estimate of 400 dimensions takes 401 energies;/,
    );
  });
});
