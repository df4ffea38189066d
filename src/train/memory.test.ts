import { describe, expect, test } from 'vitest';
import { createModel } from '../model/index.ts';
import { findPreset, type NetworkConfig } from '../nn/index.ts';
import { smallImages } from '../run/testing.ts';
import { trainingSchema } from './config.ts';
import { availableMemory, checkMemory, stepBytes } from './memory.ts';
import { adagrad, adam } from './optimizers/index.ts';
import type { StepOptions } from './step.ts';
import { createTrainer } from './trainer.ts';

const modelOf = (network: NetworkConfig, side: number) =>
  createModel({
    parametrization: 'gps',
    view: 'denoised',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape: [1, side, side],
    network,
  });

function stepOf(preset: string, side: number, change: Partial<StepOptions> = {}): StepOptions {
  const { denoiser, specs, shape, stacked, inputSigma } = modelOf(findPreset(preset).config, side);
  return {
    denoiser,
    specs,
    shape,
    stacked,
    inputSigma,
    rows: 64,
    bytes: true,
    optimizer: adam(),
    ema: 0.99,
    clip: 0,
    microBatches: 1,
    device: 'cpu',
    ...change,
  };
}

const message = (options: StepOptions, available: number): string => {
  try {
    checkMemory(options, available);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test.each(['mlp', 'digits8', 'unet-s'])('%s: more rows never need less', (preset) => {
  const side = preset === 'unet-s' ? 28 : 8;
  const needs = [1, 2, 3, 4, 8, 16, 33].map((rows) => stepBytes(stepOf(preset, side, { rows })));
  needs.slice(1).forEach((need, i) => {
    expect(need).toBeGreaterThan(needs[i]!);
  });
});

test('an optimizer that keeps more needs more, and so do micro-batches of the same rows', () => {
  const [few, many] = [adagrad(), adam()].map((optimizer) =>
    stepBytes(stepOf('unet-s', 28, { optimizer })),
  );
  const parts = stepBytes(stepOf('unet-s', 28, { microBatches: 4 }));
  expect(many).toBeGreaterThan(few!);
  expect(parts).toBeGreaterThan(many!);
});

// Growth of the resident memory of a process over 5 steps of Adam on one thread, measured under
// Linux.
test.each([
  ['unet-s', { rows: 32 }, 0.46],
  ['unet-64', { rows: 64 }, 1.91],
  ['unet-64', { rows: 64, recompute: true }, 1.33],
] as const)('%s %o is near the %f GiB measured', (preset, change, measured) => {
  const ratio = stepBytes(stepOf(preset, 28, change)) / 2 ** 30 / measured;
  expect(ratio).toBeGreaterThan(0.85);
  expect(ratio).toBeLessThan(1.3);
});

describe('where memory is too little', () => {
  test('the trainer says so before it compiles, and what fits does', async () => {
    const dataset = smallImages();
    const options = { model: modelOf(findPreset('digits8').config, 8), dataset };
    const config = trainingSchema.parse({ batch: 8192 });
    const memory = 3e8;
    const refused = createTrainer({ ...options, config, device: 'cpu', memory });
    const line = await refused.then(
      () => '',
      (error: Error) => error.message,
    );
    const form =
      /^a step of 8192 examples of 1×8×8 needs about \S+ GB, 0\.30 GB are free; use batch (\d+), or microBatches (\d+)/;
    expect(line).toMatch(form);
    const [batch, parts] = form.exec(line)!.slice(1).map(Number) as [number, number];
    const step = (rows: number, microBatches: number) =>
      stepOf('digits8', 8, { rows, microBatches });
    expect(message(step(batch, 1), memory)).toBe('');
    expect(message(step(batch + 16, 1), memory)).not.toBe('');
    expect(message(step(8192 / parts, parts), memory)).toBe('');
    expect(message(step(16384 / parts, parts / 2), memory)).not.toBe('');
  });

  test('computing again is offered where it is enough', () => {
    const options = stepOf('unet-64', 28);
    const [kept, again] = [false, true].map((recompute) => stepBytes({ ...options, recompute }));
    expect(message(options, (kept! + again!) / 2 / 0.9)).toMatch(/, or recompute$/);
  });

  test('otherwise a smaller batch, down to one example', () => {
    const options = stepOf('unet-64', 28, { rows: 512 });
    const least = [false, true].map((recompute) => stepBytes({ ...options, recompute, rows: 1 }));
    expect(message(options, (least[0]! + 1e6) / 0.9)).toMatch(/use batch \d+/);
  });

  test('not even one example', () => {
    expect(message(stepOf('unet-s', 28), 1e8)).toMatch(
      /; not even one example at a time fits; use a smaller network, or a machine with more memory$/,
    );
  });

  test('micro-batches are given up where they alone are too much', () => {
    const options = stepOf('unet-64', 28, { rows: 1, microBatches: 2 });
    const least = stepBytes({ ...options, rows: 1, microBatches: 1, recompute: true });
    expect(message(options, (least + 1e6) / 0.9)).toMatch(
      /use recompute with batch 1 and microBatches 1$/,
    );
  });
});

test('what this machine has free is known', async () => {
  expect(await availableMemory()).toBeGreaterThan(1e6);
});
