/**
 * The walk on a GPU against the same walk on the CPU. Needs a device; see `npm run test:webgpu`.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openDenoiser } from '../model/index.ts';
import { packagePath } from '../package-folder.ts';
import { walkJump } from './walk-jump.ts';

/** Largest difference of a pixel, in units of the data, after `STEPS` steps. */
const TOLERANCE = 1e-3;
const STEPS = 20;

async function walk(device: 'cpu' | 'webgpu') {
  const bytes = await readFile(packagePath('models/mnist/model.onnx'));
  const denoiser = await openDenoiser(bytes, 'mnist', { device });
  const jumps: Float32Array[] = [];
  const options = { chains: 3, steps: STEPS, jumpEvery: 10, measurements: 2, seed: 4 };
  for await (const { ybar, xhat } of walkJump(denoiser, options)) jumps.push(ybar, xhat);
  await denoiser.release();
  return jumps;
}

test('the walk of the model in the box is the same on both', async () => {
  const [cpu, gpu] = [await walk('cpu'), await walk('webgpu')];
  expect(cpu).toHaveLength(4);
  cpu.forEach((values, i) => {
    const difference = values.map((value, j) => Math.abs(value - gpu[i]![j]!));
    expect(difference.reduce((most, value) => Math.max(most, value))).toBeLessThan(TOLERANCE);
  });
});
