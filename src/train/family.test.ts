import { describe, expect, test } from 'vitest';
import { type Dataset, inMemory } from '../data/dataset.ts';
import { type Density, gaussian, mixture, sampleSmoothed } from '../density/index.ts';
import {
  type Condition,
  type ConditionalFamily,
  type ConditionConfig,
  createModel,
  exportDenoiser,
  type ModelConfig,
  openDenoiser,
  type View,
  views,
} from '../model/index.ts';
import { fillNormal, fillUniform, randomKey } from '../random.ts';
import { smallImages, smallUnet } from '../run/testing.ts';
import { type TrainingConfig, trainingSchema } from './config.ts';
import { measureDataScale } from './data-scale.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const COUNT = 20_000;
const levels = { from: 0.2, to: 1.6 };
const noise = { type: 'gaussian', sigma: 1, measurements: 4, levels } as const;

function pointsOf(data: Float32Array, more: Partial<Dataset> = {}): Dataset {
  const count = data.length / 2;
  return { name: 'points', hash: 'points', shape: [2], count, ...inMemory(data, count), ...more };
}

interface Learned {
  readonly view?: View;
  readonly condition?: ConditionConfig;
  readonly noise?: ModelConfig['noise'];
  readonly training?: Partial<TrainingConfig>;
}

async function learn(dataset: Dataset, options: Learned = {}) {
  const { view = 'preconditioned', condition, training = {} } = options;
  const config: ModelConfig = {
    parametrization: 'gps',
    view,
    noise: options.noise ?? noise,
    shape: [2],
    dataScale: measureDataScale(dataset),
    ...(condition && { condition }),
    network: { type: 'mlp', width: 48, layers: 2 },
  };
  const plan = trainingSchema.parse({
    steps: 1000,
    batch: 256,
    learningRate: 6e-3,
    ema: 0.99,
    ...training,
  });
  const trainer = await createTrainer({
    model: createModel(config),
    dataset,
    config: plan,
    device: 'cpu',
    threads: 1,
  });
  while (trainer.step < plan.steps) await trainer.advance(plan.steps - trainer.step);
  const bytes = exportDenoiser(config, await trainer.average());
  await trainer.release();
  const file = await openDenoiser(bytes, 'model.onnx');
  if (file.rate !== undefined) throw new Error('of counts');
  return file;
}

const DRAWS = 4000;

/** E‖ν_θ − ν‖² as a share of E‖x − ν‖², the loss that nothing can go below, at a level. */
async function excess(
  family: ConditionalFamily,
  density: Density,
  sigma: number,
  condition?: Condition,
): Promise<number> {
  const { x, ybar } = sampleSmoothed(density, sigma, randomKey(3), DRAWS);
  const exact = new Float64Array(ybar.length);
  density.smooth(sigma).denoise(ybar, exact);
  const found = new Float32Array(ybar.length);
  await family.at(sigma, condition).denoise(Float32Array.from(ybar), found);
  let [off, least] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    off += (found[i]! - exact[i]!) ** 2;
    least += (x[i]! - exact[i]!) ** 2;
  }
  return off / least;
}

const shown = [0.2, 0.35, 0.6, 1, 1.6];

describe('a family matches the exact ν at every level', () => {
  const one = gaussian(
    [1, -2],
    [
      [0.5, 0.3],
      [0.3, 0.6],
    ],
  );

  test.each(views)('of a Gaussian, view %s, within 1 % of the least loss', async (view) => {
    const file = await learn(pointsOf(Float32Array.from(one.sample(randomKey(1), COUNT))), {
      view,
    });
    for (const sigma of shown) expect(await excess(file, one, sigma)).toBeLessThan(0.01);
    await file.release();
  });

  const weights = [0.2, 0.3, 0.5];
  const means = [
    [-2, 0],
    [1, 1.5],
    [1, -1],
  ];
  const spread = [
    [0.2, 0.05],
    [0.05, 0.1],
  ];
  const three = mixture({ weights, means, covariances: means.map(() => spread) });

  test('of a mixture, of each class alone and of all, within 3 %', async () => {
    const draws = new Float32Array(COUNT);
    fillUniform(randomKey(2), 0, draws);
    const labels = Uint8Array.from(draws, (u) => (u < 0.2 ? 0 : u < 0.5 ? 1 : 2));
    const parts = means.map((mean) => gaussian(mean, spread));
    const samples = parts.map((part, k) => part.sample(randomKey(4, k), COUNT));
    const data = new Float32Array(2 * COUNT);
    labels.forEach((label, i) => {
      data.set(samples[label]!.subarray(2 * i, 2 * i + 2), 2 * i);
    });
    // The set σ/√t, as --members 1..16 makes it.
    const values = Array.from({ length: 16 }, (_, i) => 1.6 / Math.sqrt(16 - i));
    const file = await learn(pointsOf(data, { labels }), {
      condition: { type: 'class', classes: 3, dropout: 0.3 },
      noise: { type: 'gaussian', sigma: 1.6, measurements: 16, levels: { values } },
      training: { steps: 1500 },
    });
    for (const sigma of [values[0]!, values[7]!, values[15]!]) {
      expect(await excess(file, three, sigma)).toBeLessThan(0.03);
      for (const [k, part] of parts.entries()) {
        expect(await excess(file, part, sigma, { class: k })).toBeLessThan(0.03);
      }
    }
    await file.release();
  });
});

test('under a vector v, of x ~ N(v, τ²), ν = (σ̃²v + τ²z)/(σ̃² + τ²), within 3 %', async () => {
  const [tau, sigma] = [0.3, 0.5];
  const [vectors, residuals] = [new Float32Array(2 * COUNT), new Float32Array(2 * COUNT)];
  fillNormal(randomKey(5), 0, vectors);
  fillNormal(randomKey(6), 0, residuals);
  const data = vectors.map((v, i) => v + tau * residuals[i]!);
  const file = await learn(pointsOf(data, { vectors }), {
    condition: { type: 'vector', size: 2, dropout: 0 },
  });
  const vector = [0.7, -1.2];
  const density = gaussian(vector, [
    [tau ** 2, 0],
    [0, tau ** 2],
  ]);
  expect(await excess(file, density, sigma, { vector })).toBeLessThan(0.03);
  const each = Array.from({ length: DRAWS }, () => vector);
  expect(await excess(file, density, sigma, { vector: each })).toBeLessThan(0.03);
  await file.release();
});

test('a conditional family goes on from a checkpoint to the same bits', async () => {
  const labels = Uint8Array.from({ length: 50 }, (_, i) => i % 5);
  const dataset = { ...smallImages(), labels };
  const model = createModel({
    parametrization: 'gps',
    view: 'preconditioned',
    noise,
    shape: [1, 8, 8],
    network: smallUnet,
    dataScale: measureDataScale(dataset),
    condition: { type: 'class', classes: 5, dropout: 0.2 },
  });
  const config = trainingSchema.parse({ batch: 4, microBatches: 2, flip: true });
  const options = { model, dataset, config, device: 'cpu', threads: 1 } as const;
  const train = async (trainer: Trainer, steps: number) => {
    while (trainer.step < steps) await trainer.advance(steps - trainer.step);
    const checkpoint = await trainer.checkpoint();
    await trainer.release();
    return checkpoint;
  };
  const whole = await train(await createTrainer(options), 4);
  const checkpoint = await train(await createTrainer(options), 2);
  expect(await train(await createTrainer({ ...options, checkpoint }), 4)).toEqual(whole);
});

test('data that do not say the condition are refused before anything is compiled', async () => {
  const refusal = (condition: ConditionConfig, more: Partial<Dataset>) => {
    const dataset = { ...pointsOf(Float32Array.of(1, 2, 3, 4)), ...more };
    const network = { type: 'mlp', width: 4, layers: 1 } as const;
    const model = createModel({
      parametrization: 'gps',
      view: 'denoised',
      shape: [2],
      network,
      condition,
      noise: { type: 'gaussian', sigma: 1, measurements: 1 },
    });
    const config = trainingSchema.parse({ batch: 2 });
    return createTrainer({ model, dataset, config, device: 'cpu' });
  };
  const three = { type: 'class', classes: 3, dropout: 0 } as const;
  const mismatch = (facts: object) =>
    expect.objectContaining({ code: 'mismatch', facts: expect.objectContaining(facts) });
  await expect(refusal(three, {})).rejects.toThrow(mismatch({ condition: 'class' }));
  await expect(refusal(three, { labels: Uint8Array.of(1, 3) })).rejects.toThrow(
    mismatch({ class: 3, classes: 3 }),
  );
  await expect(
    refusal({ type: 'vector', size: 3, dropout: 0 }, { vectors: new Float32Array(4) }),
  ).rejects.toThrow(mismatch({ condition: 'vector', size: 3 }));
});
