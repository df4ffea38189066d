import { describe, expect, test } from 'vitest';
import { findPreset } from '../nn/index.ts';
import { modelConfigSchema } from './config.ts';
import { isLevel, noiseSchema } from './noise.ts';

const rest = {
  parametrization: 'gps',
  view: 'denoised',
  shape: [2],
  network: findPreset('mlp').config,
} as const;

describe('a configuration of version 0.1 is read in today’s form', () => {
  test.each([
    [
      { sigma: 1, measurements: 8 },
      { type: 'gaussian', sigma: 1, measurements: 8 },
    ],
    [
      { rate: 4, background: 0.5, measurements: 2 },
      { type: 'poisson', rate: 4, background: 0.5, measurements: 2 },
    ],
    [
      { rate: 4, measurements: 1 },
      { type: 'poisson', rate: 4, background: 0, measurements: 1 },
    ],
  ])('%j', (old, noise) => {
    const read = modelConfigSchema.parse({ ...rest, ...old });
    expect(read).toEqual({ ...rest, noise });
    expect(modelConfigSchema.parse(JSON.parse(JSON.stringify(read)))).toEqual(read);
  });

  test('and must say some noise', () => {
    expect(modelConfigSchema.safeParse(rest).success).toBe(false);
    expect(modelConfigSchema.safeParse({ ...rest, measurements: 1 }).success).toBe(false);
  });
});

test('levels rise, and hold the member that is walked', () => {
  const family = (levels: unknown, sigma = 1, measurements = 4) =>
    noiseSchema.safeParse({ type: 'gaussian', sigma, measurements, levels }).success;
  expect(family({ from: 0.2, to: 1.6 })).toBe(true);
  expect(family({ values: [0.25, 0.5, 1] })).toBe(true);
  expect(family({ from: 1.6, to: 0.2 })).toBe(false);
  expect(family({ values: [0.5, 0.25] })).toBe(false);
  expect(family({ values: [] })).toBe(false);
  expect(family({ from: 0.6, to: 1.6 })).toBe(false);
  expect(family({ from: 0.2, to: 1.6 }, -1)).toBe(false);
});

test('a level is one of a set, or between two ends, up to rounding', () => {
  const values = Array.from({ length: 16 }, (_, i) => 1 / Math.sqrt(i + 1));
  expect(isLevel({ values }, 1 / 3 ** 0.5)).toBe(true);
  expect(isLevel({ values }, 0.6)).toBe(false);
  expect(isLevel({ from: 0.2, to: 1.6 }, 0.2 * (1 - 1e-9))).toBe(true);
  expect(isLevel({ from: 0.2, to: 1.6 }, 0.199)).toBe(false);
});
