import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workFolder } from '../../cli/testing.ts';
import { readAllScaled } from '../../data/index.ts';
import { loadDataset } from '../../data/node/index.ts';
import type { Denoiser } from '../../density/index.ts';
import { createReferences } from '../../evaluate/distances.ts';
import { openFeatures } from '../../evaluate/model/features.ts';
import { learn } from './learn.ts';
import { comparisonProtocol } from './testing.ts';
import { walkDenoiser } from './walk.ts';

const work = workFolder();
const source = 'digits8';
const sourceOptions = { limit: 120 };
const walk = { ...comparisonProtocol().walk, chains: 10, draws: 10, jumpEvery: 2, burnIn: 5 };

test('a training that diverges is a finding', async () => {
  const { training: own } = comparisonProtocol();
  const training = { ...own, steps: 40, warmup: 0, learningRate: 1e30 };
  const protocol = comparisonProtocol(['gps'], { training });
  const [entry] = protocol.entries;
  const task = { entry: entry!, protocol, folder: join(work, 'wild'), source, sourceOptions };
  const { error } = await learn(task, await loadDataset(source, sourceOptions), () => {});
  expect(error).toMatch(/^step \d+: /);
});

test('a walk that diverges is a finding, with the score calls it made', async () => {
  const dataset = await loadDataset(source, sourceOptions);
  const network = await openFeatures('pixels', dataset.shape);
  const references = await createReferences(readAllScaled(dataset), network.dimension);
  const protocol = comparisonProtocol(['gps'], { walk });
  const exploding: Denoiser = {
    shape: dataset.shape,
    sigma: 0.5,
    denoise: async (z, out) => out.set(z.map((value) => 1e9 * value)),
  };
  const tools = { denoiser: exploding, network, references };
  const { found, last } = await walkDenoiser('sachs', protocol, tools, () => {});
  expect(found).toEqual({
    samples: 0,
    scoreCalls: expect.any(Number),
    error: expect.stringMatching(/^chain \d+, step \d+: /),
  });
  expect(found.scoreCalls).toBeLessThan(10 * (5 + 20 + 10));
  expect(last).toBeUndefined();
});

test('a walk with an accept test tells its mean acceptance', async () => {
  const dataset = await loadDataset(source, sourceOptions);
  const network = await openFeatures('pixels', dataset.shape);
  const references = await createReferences(readAllScaled(dataset), network.dimension);
  const protocol = comparisonProtocol(['gps'], { walk });
  // N(1/2, 1/4) in each pixel, with its energy.
  const [tau2, sigma2] = [0.25, 0.25];
  const gaussian: Denoiser = {
    shape: dataset.shape,
    sigma: Math.sqrt(sigma2),
    denoise: async (z, out) => {
      out.set(z.map((value) => 0.5 + (tau2 / (tau2 + sigma2)) * (value - 0.5)));
    },
    logDensity: async (z, out) => {
      const size = z.length / out.length;
      for (let row = 0; row < out.length; row++) {
        let sum = 0;
        for (let i = row * size; i < (row + 1) * size; i++) sum += (z[i]! - 0.5) ** 2;
        out[row] = -sum / (2 * (tau2 + sigma2));
      }
    },
  };
  const tools = { denoiser: gaussian, network, references };
  const adjusted = await walkDenoiser('mala', protocol, tools, () => {});
  // At step 0.4σ in 256 dimensions: far from never, below always.
  expect(adjusted.found.acceptance).toBeGreaterThan(0.5);
  expect(adjusted.found.acceptance).toBeLessThan(1);
  expect(adjusted.found.samples).toBe(100);
  const plain = await walkDenoiser('sachs', protocol, tools, () => {});
  expect(plain.found.acceptance).toBeUndefined();
});
