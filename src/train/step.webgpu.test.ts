import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createModel, exportDenoiser, type ModelConfig, openDenoiser } from '../model/index.ts';
import { findPreset, initializeParameters, type UNetConfig } from '../nn/index.ts';
import { fillNormal, randomKey } from '../random.ts';
import { adam } from './optimizers/index.ts';
import { compileStep } from './step.ts';

// Run by `npm run test:webgpu` on a machine with a GPU, or a software one.
const network = { ...(findPreset('digits8').config as UNetConfig), attentionResolutions: [4] };
const config: ModelConfig = {
  parametrization: 'gps',
  view: 'denoised',
  noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  shape: [1, 8, 8],
  network,
};
const ROWS = 4;

function normal(counter: number): Float32Array {
  const out = new Float32Array(ROWS * 64);
  fillNormal(randomKey(2), counter, out);
  return out;
}

async function train(device: 'cpu' | 'webgpu', profile?: string) {
  const model = createModel(config);
  const initial = initializeParameters(model.specs, 0);
  const options = {
    ...model,
    rows: ROWS,
    bytes: false,
    ema: 0.9,
    clip: 1,
    microBatches: 2,
    device,
    ...(profile !== undefined && { profile }),
  };
  const step = await compileStep(
    { ...options, optimizer: adam() },
    { parameters: initial, average: initial },
  );
  const losses: number[] = [];
  for (let part = 0; part < 6; part++) {
    const [result] = await step.run({
      x: normal(2 * part),
      noise: normal(2 * part + 1),
      random: [],
      learningRate: [1e-3],
      step: [Math.floor(part / 2) + 1],
      last: [part % 2 === 1],
    });
    losses.push(result!.loss);
  }
  const { average } = await step.read();
  await step.release();
  return { losses, average: average! };
}

test('training on the GPU follows training on the CPU', async () => {
  const [cpu, gpu] = [await train('cpu'), await train('webgpu')];
  cpu.losses.forEach((loss, i) => {
    expect(gpu.losses[i]! / loss).toBeCloseTo(1, 4);
  });
  const difference = cpu.average.map((value, i) => Math.abs(value - gpu.average[i]!));
  expect(Math.max(...difference)).toBeLessThan(1e-4);
});

test('an exported denoiser gives the same on both', async () => {
  const { average } = await train('cpu');
  const bytes = exportDenoiser(config, average);
  const outputs: Float32Array[] = [];
  for (const device of ['cpu', 'webgpu'] as const) {
    const denoiser = await openDenoiser(bytes, 'test', { device });
    const out = new Float32Array(ROWS * 64);
    await denoiser.denoise(normal(0), out);
    outputs.push(out);
    await denoiser.release();
  }
  outputs[0]!.forEach((value, i) => {
    expect(Math.abs(outputs[1]![i]! - value)).toBeLessThan(1e-4);
  });
});

test('no op of a training step falls back to the CPU', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mdensity-profile-'));
  await train('webgpu', join(folder, 'step'));
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file!), 'utf8')) as readonly {
    readonly cat: string;
    readonly args?: { readonly provider?: string; readonly op_name?: string };
  }[];
  const kernels = events.flatMap(({ cat, args }) =>
    cat === 'Node' && args?.provider ? [args] : [],
  );
  expect(kernels.length).toBeGreaterThan(100);
  const elsewhere = kernels.filter(({ provider }) => provider !== 'WebGpuExecutionProvider');
  expect(elsewhere.map(({ op_name }) => op_name)).toEqual([]);
  await rm(folder, { recursive: true });
});
