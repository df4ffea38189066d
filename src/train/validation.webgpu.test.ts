import { expect, test } from 'vitest';
import { createModel, type ModelConfig } from '../model/index.ts';
import { findPreset, initializeParameters } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { compileDenoiser } from './validation.ts';

// Run by `npm run test:webgpu` on a machine with a GPU, or a software one.
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'noise',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network: findPreset('digits8').config,
};

test('parameters on the device stay as they were loaded, from call to call', async () => {
  const model = createModel(config);
  const z = new Float32Array(6 * 64);
  fillNormal(randomKey(1), 0, z);
  const denoised = async (device: 'cpu' | 'webgpu') => {
    const live = await compileDenoiser({ model, rows: 4, device });
    const found: Float32Array[] = [];
    for (const seed of [1, 2]) {
      live.load(initializeParameters(model.specs, seed).map((value) => value + 0.01));
      for (let again = 0; again < 3; again++) {
        const out = new Float32Array(z.length);
        await live.denoise(z, out);
        found.push(out);
      }
    }
    await live.release();
    return found;
  };
  const [expected, found] = [await denoised('cpu'), await denoised('webgpu')];
  found.forEach((out, i) => {
    out.forEach((value, j) => {
      expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(1e-3);
    });
  });
});
