import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { writeAtomically } from '../atomic-write.ts';
import { inMemory } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { openDenoiser } from '../model/index.ts';
import type { TrainingConfig } from '../train/config.ts';
import { resumeRun, startRun } from './run.ts';
import { modelPath } from './run-directory.ts';
import { lastDigests, runDigests, runsFolder, runUntil, smallRun } from './testing.ts';

const disk = vi.hoisted(() => ({
  full: (_path: string): boolean => false,
  loses: (_path: string): boolean => false,
}));

vi.mock('../atomic-write.ts', async (importOriginal) => {
  const { writeAtomically: write } = await importOriginal<{
    writeAtomically: typeof writeAtomically;
  }>();
  const half = (data: Uint8Array) => data.subarray(0, data.length / 2);
  const noSpace = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
  const writeOrFail: typeof writeAtomically = (path, data) => {
    if (disk.full(path)) return Promise.reject(noSpace);
    return write(path, disk.loses(path) ? half(data as Uint8Array) : data);
  };
  return { writeAtomically: writeOrFail };
});

afterEach(() => {
  disk.full = () => false;
  disk.loses = () => false;
});

const runs = runsFolder();
const checkpoint = (directory: string, step: number) =>
  join(directory, 'checkpoints', `step-0000000${step}.safetensors`);

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

/** How an uninterrupted run ends: what every mended run must come to. */
const whole = startRun(smallRun(join(runs, 'whole'))).then(({ directory }) =>
  lastDigests(directory),
);

describe('a loss that turns NaN', () => {
  const poison = async (directory: string, changes: Partial<TrainingConfig>) => {
    const path = join(directory, 'run.json');
    const text = await readFile(path, 'utf8');
    const record = JSON.parse(text) as { training: TrainingConfig };
    await writeFile(
      path,
      JSON.stringify({ ...record, training: { ...record.training, ...changes } }),
    );
    return () => writeFile(path, text);
  };

  test.each([
    { name: 'by the loss of the next step', saveEvery: 100, finds: /^step 7: the loss is/ },
    { name: 'before it is saved', saveEvery: 1, finds: /^step 6: parameters .* not saved/ },
  ])('is found $name; what was saved is kept', async ({ saveEvery, finds }) => {
    const options = smallRun(join(runs, `nan-${saveEvery}`));
    await runUntil(5, options);
    const before = await runDigests(options.directory);
    const mend = await poison(options.directory, { learningRate: 1e300 });
    const message = await messageOf(resumeRun({ ...options, saveEvery }));
    expect(message).toMatch(finds);
    expect(message).toMatch(/try a smaller learning rate.*keeps that of step 5/);
    expect(await runDigests(options.directory)).toEqual(before);
    const model = await openDenoiser(await readFile(modelPath(options.directory)), 'model.onnx');
    await model.release();
    await mend();
    await resumeRun(options);
    expect(await lastDigests(options.directory)).toEqual(await whole);
  });

  test('from poisoned data stops the first step', async () => {
    const options = smallRun(join(runs, 'poisoned'));
    const data = new Float32Array(50 * 64).fill(Number.NaN);
    const message = await messageOf(
      startRun({ ...options, dataset: { ...options.dataset, ...inMemory(data, 50) } }),
    );
    expect(message).toMatch(/^step 1: the loss is NaN.*has no checkpoint yet/);
    expect(await runDigests(options.directory)).toEqual({});
  });
});

describe('a damaged checkpoint is one line that names it and the earlier one', () => {
  test.each([
    {
      name: 'cut',
      damage: (bytes: Buffer) => (bytes as Uint8Array).subarray(0, bytes.length / 2),
      finds: /the file is cut short/,
    },
    {
      name: 'cut in its header',
      damage: (bytes: Buffer) => (bytes as Uint8Array).subarray(0, 100),
      finds: /cut short or not safetensors/,
    },
    {
      name: 'with NaN',
      damage: (bytes: Buffer) => {
        bytes.writeFloatLE(Number.NaN, bytes.length - 4);
        return bytes;
      },
      finds: /has NaN at element/,
    },
    {
      name: 'without a position',
      damage: (bytes: Buffer) =>
        Buffer.from(bytes.toString('latin1').replace('mdensity', 'nobodys!'), 'latin1'),
      finds: /its metadata has no position/,
    },
  ])('$name', async ({ name, damage, finds }) => {
    const options = smallRun(join(runs, `damaged-${name}`));
    await runUntil(9, options);
    const path = checkpoint(options.directory, 9);
    await writeFile(path, damage(await readFile(path)));
    const before = await runDigests(options.directory);
    const message = await messageOf(resumeRun(options));
    expect(message).toMatch(finds);
    expect(message.startsWith(path)).toBe(true);
    expect(message).toMatch(/delete this one, and the run goes on from step 8$/);
    expect(await runDigests(options.directory)).toEqual(before);
    await rm(path);
    await resumeRun(options);
    expect(await lastDigests(options.directory)).toEqual(await whole);
  });

  test('of another network; with none before it', async () => {
    const other = smallRun(join(runs, 'other'), { preset: 'digits8' });
    await runUntil(1, other);
    const options = smallRun(join(runs, 'mixed'));
    await runUntil(1, options);
    const path = checkpoint(options.directory, 1);
    await writeFile(path, await readFile(checkpoint(other.directory, 1)));
    expect(await messageOf(resumeRun(options))).toMatch(
      /"parameters\..*" is missing, this network needs .* belongs to another network.* start a new run in another folder$/,
    );
  });
});

describe('a full disk is one line, and what was saved is kept', () => {
  test.each([{ file: 'step-00000008' }, { file: 'model.onnx' }])('at $file', async ({ file }) => {
    const options = smallRun(join(runs, `full-${file}`));
    await runUntil(5, options);
    const before = await runDigests(options.directory);
    disk.full = (path) => path.includes(file);
    const message = await messageOf(resumeRun(options));
    expect(message).toMatch(/the disk is full; free some space/);
    expect(message).toContain(file);
    const after = await runDigests(options.directory);
    expect(after).toMatchObject(before);
    disk.full = () => false;
    await resumeRun(options);
    expect(await lastDigests(options.directory)).toEqual(await whole);
  });

  test('loses half of a checkpoint: it is read back, and the ones before it stay', async () => {
    const options = smallRun(join(runs, 'loses'));
    await runUntil(5, options);
    const before = await runDigests(options.directory);
    disk.loses = (path) => path.includes('step-');
    await expect(resumeRun(options)).rejects.toMatchObject({ code: 'disk' });
    expect(await runDigests(options.directory)).toMatchObject(before);
    disk.loses = () => false;
    await resumeRun(options);
    expect(await lastDigests(options.directory)).toEqual(await whole);
  });

  test('at the start', async () => {
    disk.full = () => true;
    const message = await messageOf(startRun(smallRun(join(runs, 'full'))));
    expect(message).toMatch(/run\.json: the disk is full/);
  });

  test('at the metrics', async () => {
    const options = smallRun(join(runs, 'full-metrics'));
    // A folder in the place of the file stands for every reason a line cannot be added.
    const onProgress = ({ step }: { readonly step: number }) => {
      if (step === 4) void mkdir(join(options.directory, 'metrics.jsonl'));
    };
    const message = await messageOf(startRun({ ...options, onProgress }));
    expect(message).toMatch(/metrics\.jsonl: is a folder.*keeps that of step 4/);
  });
});
