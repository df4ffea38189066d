import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { smallImages, smallUnet } from '../run/testing.ts';
import { type TrainingConfig, trainingSchema } from './config.ts';
import { adam } from './optimizers/index.ts';
import { compileStep } from './step.ts';
import { createTrainer, type Trainer } from './trainer.ts';

/** Points of N(mean, diag(deviation²)) in the plane. */
const mean = [1, -2] as const;
const deviation = [1.5, 0.5] as const;

function gaussianPoints(count: number): Dataset {
  const data = new Float32Array(2 * count);
  fillNormal(randomKey(11), 0, data);
  for (let i = 0; i < data.length; i++) data[i] = mean[i % 2]! + deviation[i % 2]! * data[i]!;
  return { name: 'gaussian', count, shape: [2], ...inMemory(data, count), hash: 'gaussian' };
}

const pointModel = (measurements: number, sigma: number): ModelConfig => ({
  parametrization: 'gps',
  view: 'noise',
  noise: { type: 'gaussian', sigma, measurements },
  shape: [2],
  network: { type: 'mlp', width: 48, layers: 2 },
});

async function learn(config: ModelConfig, steps: number) {
  const training = trainingSchema.parse({
    steps,
    batch: 256,
    learningRate: 5e-3,
    ema: 0.98,
  });
  const model = createModel(config);
  const dataset = gaussianPoints(20_000);
  const trainer = await createTrainer({ model, dataset, config: training, device: 'cpu' });
  const losses: number[] = [];
  while (trainer.step < steps) losses.push((await trainer.next()).loss);
  const { vectors } = await trainer.checkpoint();
  await trainer.release();
  return { losses, average: vectors.average! };
}

describe('GPS on a Gaussian learns the closed form ν(z) = μ + C(C + σ̃²I)⁻¹(z − μ)', () => {
  // The same class σ̃ = 0.8, once as (1, 0.8) and once as (4, 1.6).
  test.each([
    { measurements: 1, sigma: 0.8, view: 'noise' },
    { measurements: 4, sigma: 1.6, view: 'denoised' },
  ] as const)('$view at M = $measurements', async ({ measurements, sigma, view }) => {
    const config = { ...pointModel(measurements, sigma), view };
    const { losses, average } = await learn(config, 800);
    const noise = 0.8 ** 2;
    const gain = deviation.map((s) => s ** 2 / (s ** 2 + noise));
    // Bayes risk Σ gainᵢ σ̃²; 100 batches of 256 have a standard error of about 1 %.
    const risk = gain.reduce((sum, g) => sum + g * noise, 0);
    const last = losses.slice(-100).reduce((sum, loss) => sum + loss / 100, 0);
    expect(Math.abs(last / risk - 1)).toBeLessThan(0.05);

    const denoiser = await openDenoiser(exportDenoiser(config, average), 'fit');
    expect(denoiser.sigma).toBeCloseTo(0.8);
    const z = new Float32Array(2 * 500);
    fillNormal(randomKey(12), 0, z);
    for (let i = 0; i < z.length; i++) {
      z[i] = mean[i % 2]! + Math.sqrt(deviation[i % 2]! ** 2 + noise) * z[i]!;
    }
    const out = new Float32Array(z.length);
    await denoiser.denoise(z, out);
    let squares = 0;
    out.forEach((value, i) => {
      squares += (value - (mean[i % 2]! + gain[i % 2]! * (z[i]! - mean[i % 2]!))) ** 2;
    });
    expect(Math.sqrt(squares / out.length)).toBeLessThan(0.08);
    await denoiser.release();
  });
});

test('micro-batches give the update of the whole batch', async () => {
  const { denoiser, specs, shape } = createModel({
    ...pointModel(1, 0.5),
    shape: [1, 8, 8],
    network: findPreset('digits8').config,
  });
  const initial = initializeParameters(specs, 1);
  const [x, noise] = [new Float32Array(8 * 64), new Float32Array(8 * 64)];
  fillNormal(randomKey(1), 0, x);
  fillNormal(randomKey(1), 1, noise);
  const update = async (microBatches: number) => {
    const rows = 8 / microBatches;
    const optimizer = adam({ epsilon: 1 });
    const step = await compileStep(
      {
        denoiser,
        specs,
        shape,
        rows,
        inputSigma: 0.5,
        stacked: 1,
        bytes: false,
        optimizer,
        ema: 0.9,
        clip: 0,
        microBatches,
        device: 'cpu',
      },
      { parameters: initial, average: initial },
    );
    const parts = Array.from({ length: microBatches }, (_, part) => part);
    await step.run({
      x,
      noise,
      random: [],
      learningRate: parts.map(() => 1),
      step: parts.map(() => 1),
      last: parts.map((part) => part === microBatches - 1),
    });
    const result = (await step.read()).parameters!;
    await step.release();
    return result;
  };
  const [whole, split] = [await update(1), await update(4)];
  const moved = whole.map((value, i) => Math.abs(value - initial[i]!));
  expect(Math.max(...moved)).toBeGreaterThan(0.01);
  whole.forEach((value, i) => {
    expect(Math.abs(split[i]! - value)).toBeLessThan(1e-4);
  });
});

describe('on a U-Net with attention and dropout', () => {
  const model = createModel({ ...pointModel(1, 0.5), shape: [1, 8, 8], network: smallUnet });
  const dataset = smallImages();

  /** Stands for a checkpoint and a new trainer that goes on from it. */
  const RESUME = -1;

  /** Calls of so many steps, at most 4 of them at once. */
  const train = async (change: Partial<TrainingConfig>, calls: readonly number[]) => {
    const config = { ...trainingSchema.parse({ batch: 4 }), ...change };
    const options = { model, dataset, config, device: 'cpu', threads: 1, stepsPerCall: 4 } as const;
    let trainer = await createTrainer(options);
    const losses: number[] = [];
    for (const most of calls) {
      if (most === RESUME) {
        const checkpoint = await trainer.checkpoint();
        await trainer.release();
        trainer = await createTrainer({ ...options, checkpoint });
        continue;
      }
      const reports = await trainer.advance(most);
      expect(reports).toHaveLength(Math.min(4, most));
      for (const { loss } of reports) losses.push(loss);
    }
    const { vectors } = await trainer.checkpoint();
    await trainer.release();
    return { losses, vectors };
  };

  test.each([{ microBatches: 1 }, { microBatches: 2, recompute: true }])(
    'steps of one call are those of as many calls, resumed or not, to the bit: %j',
    async (change) => {
      const apart = await train(change, [1, 1, 1, 1, 1, 1]);
      expect(apart.losses).toHaveLength(6);
      expect(await train(change, [1, 9, 1])).toEqual(apart);
      expect(await train(change, [3, RESUME, 2, RESUME, 1])).toEqual(apart);
    },
  );

  test('blocks that are computed again train the same', async () => {
    const [plain, again] = [await train({}, [4, 2]), await train({ recompute: true }, [4, 2])];
    again.losses.forEach((loss, i) => {
      expect(loss / plain.losses[i]!).toBeCloseTo(1, 5);
    });
    const { average } = plain.vectors;
    const apartBy = again.vectors.average!.map((value, i) => Math.abs(value - average![i]!));
    expect(apartBy.reduce((most, value) => Math.max(most, value))).toBeLessThan(1e-4);
  });
});

test('counts with a background go on from a checkpoint to the same bits', async () => {
  const { network } = pointModel(1, 0.5);
  const noise = { type: 'poisson', rate: 2, background: 0.5, measurements: 3 } as const;
  const model = createModel({
    parametrization: 'poisson',
    view: 'denoised',
    shape: [1, 8, 8],
    network,
    noise,
  });
  const config = trainingSchema.parse({ batch: 4, microBatches: 2, flip: true });
  const options = { model, dataset: smallImages(), config, device: 'cpu', threads: 1 } as const;
  const train = async (trainer: Trainer, steps: number) => {
    while (trainer.step < steps) await trainer.advance(steps - trainer.step);
    const checkpoint = await trainer.checkpoint();
    await trainer.release();
    return checkpoint;
  };
  const whole = await train(await createTrainer(options), 5);
  const checkpoint = await train(await createTrainer(options), 2);
  expect(await train(await createTrainer({ ...options, checkpoint }), 5)).toEqual(whole);
});

test('says what does not fit before anything is compiled', async () => {
  const model = createModel(pointModel(1, 0.5));
  const dataset = { ...gaussianPoints(10), shape: [1] };
  const config = trainingSchema.parse({});
  await expect(createTrainer({ model, dataset, config })).rejects.toThrow(
    'the model takes examples of shape [2], gaussian has [1]',
  );
  const uneven = { ...config, batch: 10, microBatches: 3 };
  await expect(
    createTrainer({ model, dataset: gaussianPoints(10), config: uneven }),
  ).rejects.toThrow('micro-batches: 3 parts do not divide a batch of 10');
});

test('Muon refuses a network without hidden matrices', async () => {
  const model = createModel({
    ...pointModel(1, 0.5),
    network: { type: 'mlp', width: 8, layers: 1 },
  });
  const config = trainingSchema.parse({ optimizer: 'muon' });
  const made = createTrainer({ model, dataset: gaussianPoints(100), config, device: 'cpu' });
  await expect(made).rejects.toMatchObject({
    name: 'UserError',
    code: 'invalid',
    facts: { option: 'optimizer', optimizer: 'muon' },
  });
});

test('an update that a signal cut short is made anew, to the same bits', async () => {
  const model = createModel(pointModel(1, 0.5));
  const config = trainingSchema.parse({ batch: 8, microBatches: 4 });
  const options = {
    model,
    dataset: gaussianPoints(100),
    config,
    device: 'cpu',
    threads: 1,
  } as const;
  const [cut, whole] = [await createTrainer(options), await createTrainer(options)];
  const controller = new AbortController();
  // The first update goes part by part: this comes between two of them.
  setTimeout(() => controller.abort(), 0);
  expect(await cut.advance(1, controller.signal)).toEqual([]);
  expect(cut.step).toBe(0);
  expect((await cut.checkpoint()).vectors.average).toEqual(initializeParameters(model.specs, 0));
  const later = [await cut.next(), await cut.next()];
  expect(later).toEqual([await whole.next(), await whole.next()]);
  expect(await cut.checkpoint()).toEqual(await whole.checkpoint());
  await cut.release();
  await whole.release();
});

test('antithetic noise needs pairs of examples, and noise', async () => {
  const dataset = gaussianPoints(100);
  const refused = (model: ModelConfig, settings: Partial<TrainingConfig>) => {
    const config = trainingSchema.parse({ antithetic: true, ...settings });
    const made = createTrainer({ model: createModel(model), dataset, config, device: 'cpu' });
    return expect(made).rejects.toMatchObject({ facts: { option: 'antithetic' } });
  };
  await refused(pointModel(1, 0.5), { batch: 6, microBatches: 2 });
  const { network, shape } = pointModel(1, 0.5);
  const noise = { type: 'poisson', rate: 2, background: 1, measurements: 1 } as const;
  await refused(
    { parametrization: 'poisson', view: 'denoised', noise, shape, network },
    { batch: 4 },
  );
});

test('points cannot be mirrored', async () => {
  const model = createModel(pointModel(1, 0.5));
  const config = trainingSchema.parse({ flip: true });
  await expect(createTrainer({ model, dataset: gaussianPoints(10), config })).rejects.toThrow(
    'flip: gaussian holds no images',
  );
});
