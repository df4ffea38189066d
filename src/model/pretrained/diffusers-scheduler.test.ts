/** Schedules as diffusers 0.42 computes them, in double precision, and what goes with which. */
import { describe, expect, test } from 'vitest';
import { noiseOfSteps } from '../schedule.ts';
import { readDiffusersConfig } from './diffusers-config.ts';
import { readDiffusersScheduler } from './diffusers-scheduler.ts';

test.each([
  ['linear', 1e-4, 0.02, [0.01000050003749147, 0.014856758558313025, 2.0618327819, 15406.030096]],
  ['scaled_linear', 0.00085, 0.012, [0.02916715815, 0.042067565832, 1.2456861076873, 2254.2379783]],
])('%s, rescaled to no signal at its end, is known up to its last step', (...theirs) => {
  const [beta_schedule, beta_start, beta_end, expected] = theirs;
  const json = { _class_name: 'DDIMScheduler', beta_schedule, beta_start, beta_end };
  const { diffusion } = readDiffusersScheduler({ ...json, rescale_betas_zero_snr: true }, 's.json');
  const { time } = diffusion;
  if (!('schedule' in time)) throw new Error('no steps');
  const noise = noiseOfSteps(time.schedule);
  expect(noise).toHaveLength(999);
  const errors = [0, 1, 400, 998].map((step, i) => Math.abs(noise[step]! / expected[i]! - 1));
  expect(Math.max(...errors)).toBeLessThan(1e-8);
});

describe('networks that are told their noise', () => {
  const told = (centres: boolean) => ({ told: 'noise', centres }) as const;
  const json = { _class_name: 'ScoreSdeVeScheduler', sigma_min: 0.01, sigma_max: 50 };

  test('see images in [0, 1], or centre them', () => {
    const exploding = { target: 'exploding', time: { factor: 1 } };
    expect(readDiffusersScheduler(json, 's.json', told(false))).toEqual({
      diffusion: { range: [0, 1], ...exploding },
      noise: { from: 0.01, to: 50 },
    });
    // The same levels σ̃, and ln(σ/2) of σ = 2σ̃ is the same time.
    expect(readDiffusersScheduler(json, 's.json', told(true))).toEqual({
      diffusion: { range: [-1, 1], target: 'exploding', time: { factor: 1, over: 2 } },
      noise: { from: 0.02, to: 100 },
    });
  });

  test.each([
    [{ ...json, sigma_min: 50 }, 's.json: sigma_min is not below sigma_max'],
    [{ ...json, sigma_max: 'much' }, 's.json: field sigma_max: '],
  ])('%o is refused', (other, message) => {
    expect(() => readDiffusersScheduler(other, 's.json', told(false))).toThrow(message);
  });
});

test('attention behind a skip has groups that are not known, of few channels', () => {
  const config = {
    _class_name: 'UNet2DModel',
    sample_size: 16,
    block_out_channels: [64, 128],
    norm_num_groups: null,
    mid_block_scale_factor: Math.SQRT2,
    down_block_types: ['AttnSkipDownBlock2D', 'SkipDownBlock2D'],
    up_block_types: ['SkipUpBlock2D', 'AttnSkipUpBlock2D'],
  };
  expect(() => readDiffusersConfig(config, 'c.json')).toThrow(
    'c.json: attends to 64 channels behind a skip, whose groups are known from 128 on',
  );
});
