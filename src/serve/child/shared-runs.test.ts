import { expect, test } from 'vitest';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../../model/index.ts';
import { findPreset, initializeParameters } from '../../nn/index.ts';
import { collect, type Draws, walkJump } from '../../sample/index.ts';
import { planOf } from '../plan.ts';
import { type SampleRequest, sampleRequestSchema } from '../request.ts';
import { shareRuns } from './shared-runs.ts';
import { walkTask } from './walk.ts';

const family: ModelConfig = {
  parametrization: 'gps',
  view: 'preconditioned',
  shape: [1, 8, 8],
  dataScale: { mean: [0.4], deviation: 0.3 },
  noise: { type: 'gaussian', sigma: 1, measurements: 4, levels: { from: 0.2, to: 1.6 } },
  condition: { type: 'class', classes: 3, names: ['cat', 'dog', 'ship'], dropout: 0.1 },
  network: findPreset('digits8').config,
};
const counts: ModelConfig = {
  parametrization: 'poisson',
  view: 'denoised',
  noise: { type: 'poisson', rate: 4, background: 0, measurements: 1 },
  shape: [1, 8, 8],
  network: findPreset('mlp').config,
};
const matrices: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network: findPreset('mlp').config,
};

async function open(config: ModelConfig) {
  const start = initializeParameters(createModel(config).specs, 0);
  const parameters = start.map((value, i) => value + 0.02 * Math.sin(i));
  const file = await openDenoiser(exportDenoiser(config, parameters), 'model', { threads: 1 });
  return { file, model: await shareRuns(file) };
}

const request = (body: Record<string, unknown>): SampleRequest => ({
  ...sampleRequestSchema.parse({ model: 'model', steps: 12, jumpEvery: 4, ...body }),
  seed: Number(body.seed ?? 0),
});

type Opened = Awaited<ReturnType<typeof open>>;

const walked = ({ model }: Opened, asked: SampleRequest, firstChain = 0, chains = asked.chains) => {
  const { walk } = planOf(model.file.config!, asked);
  const file = { path: 'model', version: '1' };
  const task = { model: file, request: asked, walk, rows: 0, firstChain, chains };
  return collect(walkTask(task, model, { onStep: () => {} }));
};

const bytes = ({ data }: Draws) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const asked: Readonly<Record<string, readonly [ModelConfig, readonly SampleRequest[]]>> = {
  'a family under classes': [
    family,
    [
      request({ chains: 5, seed: 1, class: ['cat', 2] }),
      request({ chains: 1, seed: 2 }),
      request({ chains: 19, seed: 3, sigma: 0.4, class: 'dog', kernel: 'cheng' }),
      request({ chains: 2, seed: 3, sigma: 0.4, beta: 2, clip: 50 }),
      request({ chains: 2, seed: 4, walk: 'sequential', effectiveSigma: 0.5 }),
    ],
  ],
  'products of matrices': [
    matrices,
    [
      request({ chains: 1, seed: 1 }),
      request({ chains: 3, seed: 2, stepSize: 0.3 }),
      request({ chains: 20, seed: 3, measurements: 4 }),
    ],
  ],
  counts: [counts, [request({ chains: 1, seed: 1 }), request({ chains: 9, seed: 2 })]],
};

test.each(Object.entries(asked))(
  '%s: requests that share runs get the bits that each gets alone',
  async (_, [config, requests]) => {
    const opened = await open(config);
    const alone: Draws[] = [];
    for (const each of requests) alone.push(await walked(opened, each));
    opened.model.takeRuns();
    const together = await Promise.all(requests.map((each) => walked(opened, each)));
    const same = together.map((draws, i) => bytes(draws).equals(bytes(alone[i]!)));
    expect(same).toEqual(requests.map(() => true));
    await opened.file.release();
  },
);

test('what is asked for at once shares runs, of so many rows as keep the bits', async () => {
  const opened = await open(family);
  const { model, file } = opened;
  const chains = 4;
  const ask = () => model.walker().denoise(new Float32Array(chains * 64), new Float32Array(256));
  for (let i = 0; i < 4; i++) await ask();
  const { most } = model.batching;
  expect(model.takeRuns()).toMatchObject({ runs: 4 * Math.ceil(chains / most), rows: 16 });
  await Promise.all([ask(), ask(), ask(), ask()]);
  expect(model.takeRuns()).toMatchObject({ runs: Math.ceil(16 / most), rows: 16 });
  await file.release();
});

test('walks that go on together share runs', async () => {
  const opened = await open(family);
  const each = [1, 2, 3, 4].map((seed) => request({ chains: 4, seed }));
  for (const one of each) await walked(opened, one);
  const apart = opened.model.takeRuns();
  await Promise.all(each.map((one) => walked(opened, one)));
  const together = opened.model.takeRuns();
  expect(together.rows).toBe(apart.rows);
  // A half where no walk falls behind the others, which a busy machine may make it do.
  const shared = opened.model.batching.most > 4;
  expect(together.runs).toBeLessThan(shared ? apart.runs : apart.runs + 1);
  await opened.file.release();
});

test('chains of a request are the same in parts, and those of the library', async () => {
  const opened = await open({ ...matrices, network: findPreset('digits8').config });
  const whole = request({ chains: 7, seed: 5, measurements: 4 });
  const { data } = await walked(opened, whole);
  const parts = [await walked(opened, whole, 0, 4), await walked(opened, whole, 4, 3)];
  const { file } = opened;
  const own = walkJump(file, {
    chains: 7,
    steps: 12,
    jumpEvery: 4,
    seed: 5,
    measurements: 4,
  });
  expect(Buffer.concat(parts.map(bytes)).equals(bytes(await collect(own)))).toBe(true);
  expect(Buffer.concat(parts.map(bytes)).equals(Buffer.from(data.buffer))).toBe(true);
  await file.release();
});

test('what a walk takes is known before: rows of the network', async () => {
  const opened = await open(family);
  const rows = async (body: Record<string, unknown>) => {
    const one = request({ chains: 3, seed: 1, ...body });
    opened.model.takeRuns();
    await walked(opened, one);
    return [planOf(family, one).rows, opened.model.takeRuns().rows];
  };
  // σ̃ 1/2 up to σ 1.6: M = 10, five factors. Three jumps after 4 steps each: 1 + 4·(4 + 1) more.
  const usual = 3 * (12 + 3 * 21);
  expect(await rows({})).toEqual([usual, usual]);
  const one = 3 * (12 + 3 * (1 + 3 * (2 + 1)));
  expect(await rows({ measurements: 4, blocks: 'one', factorSteps: 2 })).toEqual([one, one]);
  expect(await rows({ walk: 'joint' })).toEqual([3 * (12 + 3), 3 * (12 + 3)]);
  await opened.file.release();
});

test('a class or a level that the model does not know is refused before the walk', async () => {
  const opened = await open(family);
  const refused = async (body: Record<string, unknown>) => walked(opened, request(body));
  await expect(refused({ class: 'horse' })).rejects.toMatchObject({ name: 'UserError' });
  await expect(refused({ sigma: 9 })).rejects.toMatchObject({ code: 'level' });
  await expect(refused({ template: 'AC??' })).rejects.toMatchObject({ code: 'mismatch' });
  await opened.file.release();
});
