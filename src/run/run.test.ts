import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { anError } from '../testing-errors.ts';
import { resumeRun, startRun } from './run.ts';
import { readRecord } from './run-directory.ts';
import {
  lastDigests,
  loggedLines,
  runDigests,
  runsFolder,
  runUntil,
  smallRun,
  smallUnet,
} from './testing.ts';

const runs = runsFolder();
const checkpointNames = ['step-00000008.safetensors', 'step-00000012.safetensors'];

describe('a run that was interrupted and resumed is the same as one that was not', () => {
  test.each([
    { name: 'adam', settings: { preset: 'digits8' } },
    { name: 'adagrad', settings: { optimizer: 'adagrad', microBatches: 2, flip: true } },
    { name: 'adamw', settings: { optimizer: 'adamw', clip: 1, seed: 3 } },
    { name: 'muon', settings: { preset: 'digits8', optimizer: 'muon', clip: 1, microBatches: 2 } },
    {
      name: 'pairs',
      settings: { antithetic: true, decay: 'linear', decayFrom: 0.5, microBatches: 2 },
    },
    { name: 'snapshots', settings: { emaRamp: 'none', snapshotEvery: 3 } },
    { name: 'unet', settings: { network: smallUnet, batch: 4, microBatches: 2 } },
  ] as const)('$name', async ({ name, settings }) => {
    const whole = smallRun(join(runs, `${name}-whole`), settings);
    const parts = smallRun(join(runs, `${name}-parts`), settings);
    expect(await startRun(whole)).toMatchObject({ step: 12, steps: 12, finished: true });
    // Stops between two checkpoints, on a checkpoint, and between two lines of the metrics.
    expect(await runUntil(3, parts)).toMatchObject({ step: 3, finished: false });
    expect(await runUntil(8, parts, true)).toMatchObject({ step: 8, finished: false });
    expect(await runUntil(11, parts, true)).toMatchObject({ step: 11, finished: false });
    expect(await resumeRun(parts)).toMatchObject({ step: 12, finished: true });

    expect(await lastDigests(parts.directory)).toEqual(await lastDigests(whole.directory));
    const lines = await loggedLines(parts.directory);
    expect(lines.map(({ step }) => step)).toEqual([5, 10, 12]);
    expect(lines).toEqual(await loggedLines(whole.directory));
  });

  test('stopped before its first step, it still starts and ends the same', async () => {
    const options = smallRun(join(runs, 'early'));
    const signal = AbortSignal.abort();
    expect(await startRun({ ...options, signal })).toMatchObject({ step: 0, finished: false });
    await resumeRun(options);
    const whole = smallRun(join(runs, 'early-whole'));
    await startRun(whole);
    expect(await runDigests(options.directory)).toEqual(await runDigests(whole.directory));
  });
});

test('a run from before there were ramps, snapshots and pairs goes on as it began', async () => {
  const settings = { emaRamp: 'none' } as const;
  const whole = smallRun(join(runs, 'recorded-whole'), settings);
  const old = smallRun(join(runs, 'recorded-old'), settings);
  await startRun(whole);
  await runUntil(5, old);
  const path = join(old.directory, 'run.json');
  const record = JSON.parse(await readFile(path, 'utf8'));
  for (const key of ['emaRamp', 'snapshotEvery', 'decayFrom', 'antithetic']) {
    expect(Object.hasOwn(record.training, key)).toBe(true);
    delete record.training[key];
  }
  await writeFile(path, JSON.stringify(record));
  await resumeRun(old);
  expect(await lastDigests(old.directory)).toEqual(await lastDigests(whole.directory));
  // The average of such a short run would not be the same with a ramp.
  const ramped = smallRun(join(runs, 'recorded-ramped'));
  await startRun(ramped);
  expect(await lastDigests(ramped.directory)).not.toEqual(await lastDigests(whole.directory));
});

test('a training whose loss has left all bounds does not end as a success', async () => {
  const options = smallRun(join(runs, 'diverged'), { learningRate: 0.3, steps: 60, warmup: 0 });
  await expect(startRun(options)).rejects.toMatchObject({
    name: 'DivergedError',
    code: 'diverged',
    facts: { learningRate: expect.any(Number), bound: expect.any(Number) },
  });
});

test('keeps two checkpoints, clears what a killed process was writing, and nothing else', async () => {
  const options = smallRun(join(runs, 'kept'));
  await runUntil(9, options);
  const folder = join(options.directory, 'checkpoints');
  expect((await readdir(folder)).sort()).toEqual([
    'step-00000008.safetensors',
    'step-00000009.safetensors',
  ]);
  await writeFile(join(folder, 'step-00000012.safetensors.2718281828'), 'half a checkpoint');
  await writeFile(join(options.directory, 'model.onnx.314159'), 'half a model');
  await writeFile(join(folder, 'step-00000004.safetensors.mine'), 'a copy of the user');
  // Lines that a killed process logged after its last checkpoint, the last one cut.
  const metrics = join(options.directory, 'metrics.jsonl');
  const logged = await readFile(metrics, 'utf8');
  const ahead = { step: 10, loss: 9, gradientNorm: 9, learningRate: 9, imagesPerSecond: 9 };
  await writeFile(metrics, `${logged}${JSON.stringify(ahead)}\n{"step":1`);
  await resumeRun(options);
  expect((await readdir(folder)).sort()).toEqual([
    'step-00000004.safetensors.mine',
    'step-00000009.safetensors',
    'step-00000012.safetensors',
  ]);
  const names = await readdir(options.directory);
  expect(names.filter((name) => name.startsWith('events.out.tfevents.'))).toHaveLength(2);
  expect(names.filter((name) => !name.includes('tfevents')).sort()).toEqual([
    'checkpoints',
    'metrics.jsonl',
    'model.onnx',
    'run.json',
  ]);
  const lines = await loggedLines(options.directory);
  expect(lines.map(({ step }) => step)).toEqual([5, 10, 12]);
  expect(lines[1]!.loss).not.toBe(9);
});

test.each([
  ['', (names: string[]) => names],
  [', whatever the order of its settings was', (names: string[]) => names.reverse()],
])('a finished run that is resumed stays as it is%s', async (name, order) => {
  const { model: config, ...rest } = smallRun(join(runs, `finished${name}`));
  const named = config as unknown as Readonly<Record<string, unknown>>;
  const entries = order(Object.keys(config)).map((key) => [key, named[key]]);
  const options = { ...rest, model: Object.fromEntries(entries) as typeof config };
  const { loss } = await startRun(options);
  const names = [
    'run.json',
    'metrics.jsonl',
    'model.onnx',
    ...checkpointNames.map((name) => `checkpoints/${name}`),
  ];
  const seen = () =>
    Promise.all(
      names.map(async (name) => {
        const { ino, mtimeNs } = await stat(join(options.directory, name), { bigint: true });
        return [name, ino, mtimeNs];
      }),
    );
  const before = await seen();
  expect(await resumeRun(options)).toMatchObject({ step: 12, finished: true, loss });
  expect(await seen()).toEqual(before);

  const model = await readFile(join(options.directory, 'model.onnx'));
  await rm(join(options.directory, 'model.onnx'));
  await resumeRun(options);
  expect((await readFile(join(options.directory, 'model.onnx'))).equals(model)).toBe(true);
});

test('the record holds what the run was started with, and a resumed run goes by it', async () => {
  const options = { ...smallRun(join(runs, 'record')), sourceOptions: { limit: 50 } };
  await runUntil(1, options);
  const { model, training, data, device, saveEvery, logEvery } = await readRecord(
    options.directory,
  );
  expect({ model, training, device, saveEvery, logEvery }).toEqual({
    model: options.model,
    training: options.training,
    device: 'cpu',
    saveEvery: 4,
    logEvery: 5,
  });
  expect(data).toEqual({
    source: 'noise8',
    options: { limit: 50 },
    name: 'noise8',
    count: 50,
    hash: 'noise8',
  });
});

describe('refuses, in one line and before anything is written,', () => {
  const refusal = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).not.toContain('\n');
    return message;
  };

  test('a directory that holds a run', async () => {
    const options = smallRun(join(runs, 'taken'));
    await runUntil(1, options);
    const before = await runDigests(options.directory);
    await expect(startRun(options)).rejects.toThrow(
      anError('mismatch', { path: options.directory, remedy: 'resume' }),
    );
    expect(await runDigests(options.directory)).toEqual(before);
    // Old checkpoints would be taken for those of a new run.
    await rm(join(options.directory, 'run.json'));
    expect(await refusal(startRun(options))).toMatch(/holds model.onnx of a run without run.json/);
    await rm(join(options.directory, 'model.onnx'));
    expect(await refusal(startRun(options))).toMatch(/holds checkpoints of a run without run.json/);
  });

  test('changed data', async () => {
    const options = smallRun(join(runs, 'changed'));
    await runUntil(1, options);
    const dataset = { ...options.dataset, hash: 'another' };
    expect(await refusal(resumeRun({ ...options, dataset }))).toMatch(
      /was trained on noise8 with hash noise8.*restore it or start a new run/,
    );
  });

  test('data of another shape than the model', async () => {
    const options = smallRun(join(runs, 'shape'));
    const dataset = { ...options.dataset, shape: [1, 4, 16] };
    expect(await refusal(startRun({ ...options, dataset }))).toMatch(
      /takes examples of shape \[1, 8, 8\], noise8 has \[1, 4, 16\]/,
    );
    await expect(stat(options.directory)).rejects.toThrow('ENOENT');
  });

  test('to resume what is no run', async () => {
    const options = smallRun(join(runs, 'none'));
    await expect(resumeRun(options)).rejects.toThrow(
      anError('not-found', { path: options.directory }),
    );
    await mkdir(options.directory);
    await writeFile(join(options.directory, 'run.json'), '{"model": {}');
    expect(await refusal(resumeRun(options))).toMatch(/run\.json: not JSON; restore the file/);
    await writeFile(join(options.directory, 'run.json'), '{"model": {"parametrization": "gps"}}');
    expect(await refusal(resumeRun(options))).toMatch(/run\.json: model\.view: .*restore the file/);
  });

  test('a directory that cannot be', async () => {
    const file = join(runs, 'a-file');
    await writeFile(file, 'not a folder');
    for (const directory of [file, join(file, 'run')]) {
      const message = await refusal(startRun(smallRun(directory)));
      expect(message).toMatch(/not a folder/);
      expect(message.startsWith(directory)).toBe(true);
    }
  });
});
