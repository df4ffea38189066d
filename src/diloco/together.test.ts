import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pick } from '../data/index.ts';
import { type Dataset, loadDataset } from '../data/node/index.ts';
import { createModel, type ModelConfig } from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import type { Job, KeptResult, Submitter } from '../queue/index.ts';
import { versions } from '../run/index.ts';
import { loadCheckpoint } from '../run/run-directory.ts';
import { openStore, type Store } from '../store/index.ts';
import { anError } from '../testing-errors.ts';
import { createTrainer, trainingSchema } from '../train/index.ts';
import { gather } from './gather.ts';
import { type InnerTask, shareOf } from './inner.ts';
import { openLocalSubmitter } from './local.ts';
import { resumeTogether, startTogether } from './run.ts';
import { readRounds, settingsSchema } from './settings.ts';
import { outerVectors } from './train.ts';

const work = mkdtempSync(join(tmpdir(), 'mdensity-together-'));
let store: Store;
let submitter: Submitter;
let dataset: Dataset;
beforeAll(async () => {
  store = await openStore(join(work, 'store'));
  submitter = openLocalSubmitter(store, work, 2);
  const all = await loadDataset('digits8');
  dataset = pick(
    all,
    Array.from({ length: 200 }, (_, i) => i),
  );
});
afterAll(async () => {
  await submitter.close();
  rmSync(work, { recursive: true, force: true });
});

const model: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network: findPreset('mlp').config,
};
const optimizer = { optimizer: 'adamw', weightDecay: 0.01, learningRate: 1e-3 } as const;
const training = trainingSchema.parse({
  ...optimizer,
  steps: 12,
  batch: 16,
  warmup: 0,
  validation: 0,
});

const runOf = (name: string, settings: object, changes: object = {}) => ({
  directory: join(work, name),
  dataset,
  model,
  source: 'digits8',
  versions: versions(),
  training: { ...training, ...changes },
  settings: settingsSchema.parse({ workers: 2, innerSteps: 4, ...settings }),
});
const vectorsOf = async (name: string) =>
  (await loadCheckpoint(join(work, name), createModel(model).specs, outerVectors))!.vectors;
const bytesOf = (name: string) => readFileSync(join(work, name, 'model.onnx'));

test('shares of the data are disjoint and all of it, without what is held out', () => {
  const config = { ...training, validation: 20 };
  const seen = [0, 1, 2].flatMap((worker) => {
    const share = shareOf(dataset, { training: config, workers: 3, worker } as InnerTask);
    const own = new Uint8Array(share.count * 64);
    for (let i = 0; i < share.count; i++) share.read(i, own, 64 * i);
    return Array.from({ length: share.count }, (_, i) => own.subarray(64 * i, 64 * i + 64).join());
  });
  expect(seen).toHaveLength(180);
  const texts = new Set(
    Array.from({ length: 200 }, (_, i) => {
      const own = new Uint8Array(64);
      dataset.read(i, own, 0);
      return own.join();
    }),
  );
  expect(new Set(seen).size).toBe(180);
  expect(seen.every((text) => texts.has(text))).toBe(true);
});

test('one worker at outer rate 1 makes the steps of a training alone, to half precision', async () => {
  const settings = { workers: 1, innerSteps: 5, outerRate: 1, outerMomentum: 0 };
  const result = await startTogether(runOf('one', settings), { submitter, store });
  expect(result).toMatchObject({ step: 12, steps: 12, finished: true });
  const trainer = await createTrainer({
    model: createModel(model),
    dataset,
    config: training,
    device: 'cpu',
    threads: 1,
  });
  while (trainer.step < 12) await trainer.advance(12 - trainer.step);
  const alone = (await trainer.checkpoint()).vectors.parameters!;
  await trainer.release();
  const together = (await vectorsOf('one')).parameters!;
  const start = initializeParameters(createModel(model).specs, training.seed);
  // Each of three rounds rounds its delta, to 2⁻¹¹ of it, and later steps see that.
  const moved = Math.max(...alone.map((value, i) => Math.abs(value - start[i]!)));
  const apart = Math.max(...alone.map((value, i) => Math.abs(value - together[i]!)));
  expect(moved).toBeGreaterThan(5e-3);
  expect(apart).toBeLessThan(moved * 0.01);
});

test('the same workers make the same bits, also where the run was stopped', async () => {
  await startTogether(runOf('whole', {}), { submitter, store });
  const { rounds } = await readRounds(join(work, 'whole'));
  expect(rounds.map(({ step, came }) => ({ step, came }))).toEqual(
    [4, 8, 12].map((step) => ({ step, came: [0, 1] })),
  );
  // P floats to each worker, P halves from each.
  const { length } = (await vectorsOf('whole')).parameters!;
  expect(rounds[0]!.bytes).toBeGreaterThanOrEqual(2 * 6 * length);
  expect(rounds[0]!.bytes).toBeLessThan(2 * 6 * length + 1000);

  const controller = new AbortController();
  const { signal } = controller;
  const onRound = async () => controller.abort();
  const stopped = await startTogether(runOf('stopped', {}), { submitter, store, signal, onRound });
  expect(stopped).toMatchObject({ step: 4, finished: false });
  const { directory } = runOf('stopped', {});
  const result = await resumeTogether({ directory, dataset }, { submitter, store });
  expect(result).toMatchObject({ step: 12, finished: true });
  expect(bytesOf('stopped').equals(bytesOf('whole'))).toBe(true);
  expect(await vectorsOf('stopped')).toEqual(await vectorsOf('whole'));
});

test('a run keeps what it needs where another of the same settings shares the store', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const onRound = async () => controller.abort();
  await startTogether(runOf('first', {}), { submitter, store, signal, onRound });
  // Its rounds make, and clean up, objects that are equal to those of the first.
  await startTogether(runOf('second', {}), { submitter, store });
  const { directory } = runOf('first', {});
  const result = await resumeTogether({ directory, dataset }, { submitter, store });
  expect(result).toMatchObject({ step: 12, finished: true });
  expect(bytesOf('first').equals(bytesOf('second'))).toBe(true);
});

test('a worker that does not come by the deadline is left out, and comes again', async () => {
  let asked = 0;
  const forgotten: Job[] = [];
  const shaky: Submitter = {
    ...submitter,
    run: (job, onProgress) =>
      job.own.worker === 1 && asked++ === 0
        ? new Promise<KeptResult>(() => {})
        : submitter.run(job, onProgress),
    forget: async (job) => void forgotten.push(job),
  };
  const run = runOf('late', { deadline: 0.05 }, { steps: 8 });
  // Later rounds wait for all: how long a round takes is the machine's.
  await startTogether(run, {
    store,
    submitter: shaky,
    onRound: async () => {
      (run.settings as { deadline: number }).deadline = 0;
    },
  });
  const { rounds } = await readRounds(join(work, 'late'));
  expect(rounds.map(({ came }) => came)).toEqual([[0], [0, 1]]);
  expect(forgotten.map(({ own }) => own.worker)).toEqual([1]);
  expect(Object.keys(rounds[1]!.states)).toEqual(['0', '1']);
});

test('the order in which workers come changes nothing', async () => {
  const results = [3, 1, 2, 0].map((delay, worker) => ({ delay, worker }));
  const slow = {
    run: async ({ own }: Job) => {
      const { delay } = results[Number(own.worker)]!;
      for (let i = 0; i < delay; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      return { value: own.worker, files: [], machine: {} };
    },
  } as unknown as Submitter;
  const jobs = results.map(({ worker }) => ({ kind: 'x', common: '', own: { worker } }));
  const came = await gather(jobs, { submitter: slow, deadline: 0, onStep: () => {} });
  expect(came.map(({ worker }) => worker)).toEqual([0, 1, 2, 3]);
});

test('a training that diverges says so, and keeps the rounds before', async () => {
  const run = runOf('diverged', {}, { learningRate: 1e9 });
  await expect(startTogether(run, { submitter, store })).rejects.toThrow(
    anError('diverged', { step: expect.any(Number) }),
  );
});

test('what cannot be is refused in one line, and leaves no folder', async () => {
  const refused = (settings: object, changes: object = {}) =>
    startTogether(runOf('refused', settings, changes), { submitter, store });
  await expect(refused({ workers: 13 })).rejects.toThrow(
    /^workers 13: each needs a share of at least a batch, and digits8 has 200 examples for 13 shares of 16 and 0 held out; give fewer$/,
  );
  await expect(refused({}, { snapshotEvery: 5 })).rejects.toThrow(/^snapshotEvery 5: workers that/);
  await expect(startTogether(runOf('whole', {}), { submitter, store })).rejects.toThrow(
    /whole: already holds a run;/,
  );
  const other = pick(dataset, [0, 1, 2]);
  const { directory } = runOf('whole', {});
  await expect(
    resumeTogether({ directory, dataset: { ...other, hash: 'x' } }, { submitter, store }),
  ).rejects.toThrow(/was trained on digits8 with other examples than it has now; restore them or/);
});
