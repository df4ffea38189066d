import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { anError } from '../testing-errors.ts';
import type { Evaluator } from './evaluators.ts';
import { readEvaluations } from './metrics-file.ts';
import { type NewRunOptions, resumeRun, startRun } from './run.ts';
import { loggedLines, runDigests, runsFolder, runUntil, smallImages, smallRun } from './testing.ts';

const runs = runsFolder();

/** Draws what the denoiser makes of a ramp, and counts how often it is asked. */
function ramp(every: number) {
  const asked: number[] = [];
  const evaluator: Evaluator = {
    name: 'ramp',
    every,
    metrics: { brightness: 'higher' },
    evaluate: async ({ step, denoiser }) => {
      asked.push(step);
      const out = new Float32Array(64);
      await denoiser.denoise(
        Float32Array.from(out, (_, i) => i / 64),
        out,
      );
      const png = new Uint8Array(out.buffer);
      const brightness = out.reduce((sum, value) => sum + value, 0);
      return { metrics: { brightness }, picture: { width: 8, height: 8, channels: 1, png } };
    },
  };
  return { evaluator, asked };
}

/** Reports these values at steps 2, 4, 6, … */
const scripted = (...values: number[]): Evaluator => ({
  name: 'script',
  every: 2,
  metrics: { recall: 'higher' },
  evaluate: async ({ step }) => ({ metrics: { recall: values[step / 2 - 1]! } }),
});

const watched = (directory: string, changes: Partial<NewRunOptions> = {}): NewRunOptions => ({
  ...smallRun(join(runs, directory), { preset: 'digits8', validation: 10 }),
  validateEvery: 3,
  stopMetric: 'validationLoss',
  evaluators: [ramp(4).evaluator],
  ...changes,
});

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

const whole = startRun(watched('whole'));

test('evaluates when it is due and at the end, and keeps the best', async () => {
  const { directory, best, stoppedEarly } = await whole;
  const lines = await readEvaluations(directory);
  expect(lines.map(({ step }) => step)).toEqual([3, 4, 6, 8, 9, 12]);
  const losses = lines.flatMap(({ metrics }) => metrics.validationLoss ?? []);
  expect(losses).toHaveLength(4);
  expect(lines[1]).toEqual({
    step: 4,
    metrics: { brightness: expect.any(Number) },
    pictures: { ramp: 'ramp/step-00000004.png' },
  });
  expect({ stoppedEarly, value: best?.value }).toEqual({
    stoppedEarly: false,
    value: Math.min(...losses),
  });
  expect(Object.keys(await runDigests(directory))).toEqual([
    'best.onnx',
    'checkpoints/best.safetensors',
    'checkpoints/step-00000008.safetensors',
    'checkpoints/step-00000012.safetensors',
    'model.onnx',
    ...[4, 8, 12].map((step) => `ramp/step-${String(step).padStart(8, '0')}.png`),
  ]);
});

test('interrupted between evaluations and in them, it ends in the same bits', async () => {
  const { directory } = await whole;
  const parts = watched('parts');
  for (const [i, step] of [2, 4, 6, 7, 8].entries()) {
    expect(await runUntil(step, parts, i > 0)).toMatchObject({ step, finished: false });
  }
  // The signal comes with the report of the step, before its evaluation: it is made up for.
  expect(await resumeRun(parts)).toMatchObject({ step: 12, finished: true });
  expect(await runDigests(parts.directory)).toEqual(await runDigests(directory));
  expect(await loggedLines(parts.directory)).toEqual(await loggedLines(directory));
});

test('a signal during the last evaluation leaves it to be done', async () => {
  const controller = new AbortController();
  const { evaluator, asked } = ramp(100);
  const evaluate: Evaluator['evaluate'] = async ({ signal }) => {
    controller.abort(new Error('enough'));
    signal!.throwIfAborted();
    return {};
  };
  const options = watched('last', { evaluators: [{ ...evaluator, evaluate }] });
  expect(await startRun({ ...options, signal: controller.signal })).toMatchObject({
    step: 12,
    finished: false,
  });
  const lines = await readEvaluations(options.directory);
  expect(lines.map(({ step }) => step)).toEqual([3, 6, 9]);
  const again = { ...options, evaluators: [evaluator] };
  expect(await resumeRun(again)).toMatchObject({ step: 12, finished: true });
  expect(await resumeRun(again)).toMatchObject({ step: 12, finished: true });
  expect(asked).toEqual([12]);
  expect((await readEvaluations(options.directory)).at(-1)).toMatchObject({
    step: 12,
    metrics: { validationLoss: expect.any(Number), brightness: expect.any(Number) },
  });
});

describe('early stopping', () => {
  const stopping = (directory: string, values: number[], patience = 2) => ({
    ...smallRun(join(runs, directory)),
    evaluators: [scripted(...values)],
    stopMetric: 'recall',
    patience,
  });

  test('ends after the patience, with the best model of the best step', async () => {
    const options = stopping('patient', [1, 3, 2, Number.NaN, 3, 9]);
    // Best at step 4; worse at 6, nothing at 8, no better at 10.
    const expected = {
      step: 10,
      steps: 12,
      finished: true,
      stoppedEarly: true,
      best: { metric: 'recall', step: 4, value: 3 },
    };
    expect(await startRun(options)).toMatchObject(expected);
    const digests = await runDigests(options.directory);
    expect(await resumeRun(options)).toMatchObject(expected);
    expect(await runDigests(options.directory)).toEqual(digests);

    const plain = smallRun(join(runs, 'plain'));
    await runUntil(4, plain);
    const at4 = await runDigests(plain.directory);
    expect(digests['best.onnx']).toBe(at4['model.onnx']);
    expect(digests['checkpoints/best.safetensors']).toBe(
      at4['checkpoints/step-00000004.safetensors'],
    );
  });

  test('counts on where it was when it is resumed, and goes on with more patience', async () => {
    const options = stopping('counted', [5, 4, 3, 6, 7, 8]);
    expect(await runUntil(5, options)).toMatchObject({ step: 5, finished: false });
    expect(await resumeRun(options)).toMatchObject({ step: 6, stoppedEarly: true });
    expect(await resumeRun({ ...options, patience: 3 })).toMatchObject({
      step: 12,
      finished: true,
      stoppedEarly: false,
      best: { step: 12, value: 8 },
    });
  });
});

test('held-out examples are never trained on', async () => {
  const images = smallImages();
  const read = { steps: new Set<number>(), evaluation: new Set<number>() };
  let part: keyof typeof read = 'steps';
  const dataset = {
    ...images,
    read: (...args: Parameters<typeof images.read>) => {
      read[part].add(args[0]);
      images.read(...args);
    },
  };
  const onProgress = ({ evaluating }: { readonly evaluating: boolean }) => {
    if (evaluating) part = 'evaluation';
  };
  const options = smallRun(join(runs, 'apart'), { validation: 10 });
  await startRun({ ...options, dataset, validateEvery: 12, onProgress });
  expect([read.steps.size, read.evaluation.size]).toEqual([40, 10]);
  expect(new Set([...read.steps, ...read.evaluation]).size).toBe(50);
});

test('a run from before there were evaluations goes on as it would have', async () => {
  const options = smallRun(join(runs, 'old'));
  await runUntil(5, options);
  const path = join(options.directory, 'run.json');
  const { evaluation: _, ...record } = JSON.parse(await readFile(path, 'utf8')) as {
    evaluation: unknown;
    training: { validation?: number };
  };
  delete record.training.validation;
  await writeFile(path, JSON.stringify(record));
  await resumeRun({ directory: options.directory, dataset: options.dataset });
  const newer = smallRun(join(runs, 'newer'));
  await startRun(newer);
  const digests = await runDigests(options.directory);
  expect(digests).toMatchObject({
    'model.onnx': (await runDigests(newer.directory))['model.onnx'],
  });
});

test('a second process is refused while the first trains, which is not harmed', async () => {
  const options = watched('alone');
  const refusals: Promise<string>[] = [];
  const onProgress = ({ step }: { readonly step: number }) => {
    if (step === 5) refusals.push(refusal(resumeRun(options)));
  };
  await startRun({ ...options, onProgress });
  expect(await Promise.all(refusals)).toEqual([
    expect.stringMatching(/alone: process \d+ is training this run; stop it first/),
  ]);
  expect(await runDigests(options.directory)).toEqual(await runDigests((await whole).directory));
});

describe('refuses, in one line and before anything is written,', () => {
  const plain = { validateEvery: undefined, stopMetric: undefined, evaluators: [] };
  test.each([
    [{ validation: 50 }, {}, ['invalid', { option: 'validation', value: 50, most: 49 }]],
    [
      {},
      { stopMetric: 'fid' },
      ['not-found', { value: 'fid', known: ['validationLoss', 'brightness'] }],
    ],
    [{}, { stopMetric: 'validationloss' }, ['not-found', { value: 'validationloss' }]],
    [
      { validation: 0 },
      { ...plain, stopMetric: 'validationLoss' },
      ['not-found', { options: ['validation'] }],
    ],
    [{}, { ...plain, patience: 3 }, ['invalid', { option: 'patience', value: 3 }]],
    [
      { validation: 0 },
      { ...plain, validateEvery: 9 },
      ['invalid', { option: 'validateEvery', value: 9 }],
    ],
    [
      {},
      { evaluators: [ramp(1).evaluator, ramp(2).evaluator] },
      ['invalid', { option: 'evaluators', name: 'ramp' }],
    ],
  ] as const)('%j with %j', async (training, changes, [code, facts]) => {
    const options = watched('never', changes);
    const work = startRun({ ...options, training: { ...options.training, ...training } });
    await expect(work).rejects.toThrow(anError(code, facts));
    await expect(stat(options.directory)).rejects.toThrow('ENOENT');
  });

  test('to watch another metric than before', async () => {
    const { directory } = await whole;
    const resumed = { ...watched('whole'), stopMetric: 'brightness' };
    expect(await refusal(resumeRun(resumed))).toContain(directory);
    await expect(resumeRun(resumed)).rejects.toThrow(
      anError('mismatch', { option: 'stopMetric', value: 'brightness', kept: 'validationLoss' }),
    );
    // A metric of one's own needs its evaluator.
    const scored = { ...smallRun(join(runs, 'scored')), stopMetric: 'recall' };
    await runUntil(3, { ...scored, evaluators: [scripted(1, 2, 3, 4, 5, 6)] });
    await expect(resumeRun({ ...scored, evaluators: [] })).rejects.toThrow(
      anError('not-found', { option: 'stopMetric', value: 'recall', known: [] }),
    );
  });

  test('a folder with a run that saved nothing, saying what to do', async () => {
    const options = smallRun(join(runs, 'empty'), { learningRate: 1e300 });
    expect(await refusal(startRun(options))).toMatch(
      /try a smaller learning rate.*empty has no checkpoint yet; remove it to start again\)$/,
    );
    expect(await refusal(startRun(options))).toMatch(
      /empty: already holds a run, which saved no checkpoint; remove the folder to start it anew/,
    );
  });
});
