/**
 * Closed forms: a network of diffusers whose weights are set by hand so that it is the exact ε of a
 * Gaussian at one level. Imported, it has to be ν of that Gaussian, and its walks have to obey
 * universality (paper A, proposition 2).
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { Denoiser } from '../../density/index.ts';
import { sizeOf } from '../../graph/index.ts';
import { fillNormal, randomKey } from '../../random.ts';
import { walkJump } from '../../sample/index.ts';
import { type DenoiserFile, openDenoiser } from '../denoiser-file.ts';
import { exportDenoiser } from '../export-denoiser.ts';
import { createModel } from '../model.ts';
import { nameWeights } from '../weights.ts';
import { diffusers } from './diffusers.ts';
import { toDiffusersNames } from './diffusers-names.ts';
import { readPretrained } from './index.ts';

/** Data N(MEAN, SPREAD²) in each pixel, in [0, 1] units, and the level. */
const [MEAN, SPREAD, SIGMA] = [0.6, 0.2, 0.25];

const config = {
  _class_name: 'UNet2DModel',
  sample_size: 2,
  in_channels: 1,
  out_channels: 1,
  block_out_channels: [4],
  down_block_types: ['DownBlock2D'],
  up_block_types: ['UpBlock2D'],
  layers_per_block: 1,
  norm_num_groups: 1,
  attention_head_dim: null,
};

/** Small beside 1, so that the variance of a group is that of its constants. */
const SMALL = 0.003;

/**
 * Weights by which the network is slope·z + offset: residual blocks keep what they see, channels
 * hold z, 1, −1 and −z, whose norm is z/√½ but for z² · 10⁻⁵, and silu(x) − silu(−x) = x.
 */
function linearWeights(slope: number, offset: number) {
  const json = { 'config.json': config, 'scheduler_config.json': scheduler };
  const empty = diffusers.read({ source: 'linear', weights: {}, json });
  if (empty.config.network.type !== 'unet') throw new Error('no U-Net');
  const count = createModel(empty.config).specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const parameters = new Float32Array(count);
  const named = nameWeights({ config: empty.config, parameters });
  const set = (name: string, values: Readonly<Record<number, number>>) => {
    for (const [at, value] of Object.entries(values)) named[name]!.data[Number(at)] = value;
  };
  for (const name of Object.keys(named).filter((each) =>
    /(norm|layers\.0|out\.0)\.weight$/.test(each),
  )) {
    named[name]!.data.fill(1);
  }
  const centre = (channel: number) => 9 * channel + 4;
  set('input_blocks.0.0.weight', { [centre(0)]: SMALL, [centre(3)]: -SMALL });
  set('input_blocks.0.0.bias', { 1: 1, 2: -1 });
  for (const block of [0, 1]) {
    // Of [h, skip], h.
    const keep = Object.fromEntries([0, 1, 2, 3].map((channel) => [8 * channel + channel, 1]));
    set(`output_blocks.${block}.0.skip_connection.weight`, keep);
  }
  const gain = (slope * Math.SQRT1_2) / SMALL;
  set('out.2.weight', { [centre(0)]: gain, [centre(3)]: -gain });
  set('out.2.bias', { 0: offset });
  const weights = toDiffusersNames(named, empty.config.network, 2);
  return readPretrained({ source: 'linear', weights, json }, { recipe: diffusers, sigma: SIGMA });
}

const scheduler = { _class_name: 'DDPMScheduler' };

// In [−1, 1]: ε = (u − x̂)/σ = σ(u − μ)/(τ² + σ²), and u = z√(1 + σ²).
const [mu, tau, sigma] = [2 * MEAN - 1, 2 * SPREAD, 2 * SIGMA];
const total = tau * tau + sigma * sigma;
const model = linearWeights((sigma / total) * Math.sqrt(1 + sigma * sigma), (-sigma / total) * mu);

let file: DenoiserFile | undefined;
afterAll(() => file?.release());

async function opened(): Promise<Denoiser> {
  file ??= await openDenoiser(exportDenoiser(model.config, model.parameters), 'gaussian');
  if (file.rate !== undefined) throw new Error('counts');
  return file;
}

/** ν's slope. */
const gain = SPREAD ** 2 / (SPREAD ** 2 + SIGMA ** 2);

test('ν is the posterior mean of the Gaussian', async () => {
  const denoiser = await opened();
  const y = new Float32Array(64 * 4);
  fillNormal(randomKey(3), 0, y);
  for (let i = 0; i < y.length; i++) y[i] = MEAN + 0.5 * y[i]!;
  const xhat = new Float32Array(y.length);
  await denoiser.denoise(y, xhat);
  const errors = xhat.map((value, i) => Math.abs(value - (MEAN + gain * (y[i]! - MEAN))));
  expect(Math.max(...errors)).toBeLessThan(2e-4);
});

describe('walks of the members of its class', () => {
  /** Deviation of x̂ = ν(ȳ), whose law is the same for every M. */
  const deviation = gain * Math.sqrt(SPREAD ** 2 + SIGMA ** 2);

  test.each([1, 4, 16])('M = %i: x̂ has mean and deviation of the closed form', async (M) => {
    const options = { measurements: M, chains: 64, steps: 200, burnIn: 40, jumpEvery: 10 };
    const values: number[] = [];
    for await (const { xhat } of walkJump(await opened(), { ...options, stepSize: 0.3, seed: M })) {
      values.push(...xhat);
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // 5,120 values; draws of a chain are at worst a tenth as many. Five standard errors: a chance
    // of 1e-6 of a false alarm.
    const independent = values.length / 10;
    expect(Math.abs(mean - MEAN)).toBeLessThan((5 * deviation) / Math.sqrt(independent));
    expect(Math.abs(Math.sqrt(square) / deviation - 1)).toBeLessThan(
      5 / Math.sqrt(2 * independent),
    );
  });
});
