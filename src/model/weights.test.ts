import { describe, expect, test } from 'vitest';
import { exportOnnx, mul, sizeOf } from '../graph/index.ts';
import { createDraw } from '../graph/testing.ts';
import {
  countParameters,
  findPreset,
  initializeParameters,
  type NetworkConfig,
} from '../nn/index.ts';
import type { ModelConfig } from './config.ts';
import { openDenoiser } from './denoiser-file.ts';
import { exportDenoiser } from './export-denoiser.ts';
import { createModel } from './model.ts';
import {
  compareWeights,
  joinWeights,
  type NamedWeights,
  nameWeights,
  readTrainedModel,
  type TrainedModel,
} from './weights.ts';

const small: NetworkConfig = {
  ...(findPreset('unet-s').config as Extract<NetworkConfig, { type: 'unet' }>),
  modelChannels: 8,
  groups: 4,
  attentionResolutions: [4],
};

/** A model whose parameters are all random, those that start at zero too. */
function trained(network: NetworkConfig, shape: readonly number[]): TrainedModel {
  const config: ModelConfig = {
    parametrization: 'gps',
    view: 'noise',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
    shape,
    network,
  };
  const draw = createDraw(101);
  const parameters = draw.normal(countParameters(createModel(config).specs)).map((v) => 0.1 * v);
  return { config, parameters };
}

const unet = trained(small, [1, 8, 8]);
const { specs } = createModel(unet.config);

describe.each([
  ['unet', unet],
  ['additive-unet', trained(findPreset('digits8').config, [1, 8, 8])],
  ['mlp', trained(findPreset('mlp').config, [3])],
])('a file of %s', (_, model) => {
  test('gives back its configuration and weights', () => {
    expect(readTrainedModel(exportDenoiser(model.config, model.parameters), 'f')).toEqual(model);
  });

  test('of half precision is half as large, and close', async () => {
    const whole = exportDenoiser(model.config, model.parameters);
    const half = exportDenoiser(model.config, model.parameters, { half: true });
    // The nodes of the graph take some room of their own.
    const weights = 4 * model.parameters.length;
    expect(half.length).toBeLessThan(whole.length - 0.45 * weights);
    const { parameters } = readTrainedModel(half, 'f');
    parameters.forEach((value, i) => {
      // Eleven bits: an error of half of the last.
      expect(Math.abs(value - model.parameters[i]!)).toBeLessThanOrEqual(
        2 ** -12 * Math.abs(model.parameters[i]!) * 2 + 2 ** -25,
      );
    });
    // What it computes is what its weights say.
    const size = sizeOf(model.config.shape);
    const z = createDraw(102).normal(3 * size);
    const [given, expected] = await Promise.all(
      [half, exportDenoiser(model.config, parameters)].map(async (bytes) => {
        const denoiser = await openDenoiser(bytes, 'f');
        const out = new Float32Array(z.length);
        await denoiser.denoise(z, out);
        await denoiser.release();
        return out;
      }),
    );
    given!.forEach((value, i) => {
      expect(value).toBeCloseTo(expected![i]!, 4);
    });
  });

  test('names its weights so that they can be read again', () => {
    const model0 = createModel(model.config);
    expect(joinWeights(model0.specs, nameWeights(model), 'f')).toEqual(model.parameters);
  });
});

test('1-D convolutions of guided-diffusion have no last axis', () => {
  const named = nameWeights(unet);
  expect(named['middle_block.1.qkv.weight']!.shape).toEqual([48, 16, 1]);
  expect(named['middle_block.1.proj_out.weight']!.shape).toEqual([16, 16, 1]);
  expect(named['output_blocks.0.0.skip_connection.weight']!.shape).toEqual([16, 32, 1, 1]);
});

describe('weights of another network', () => {
  const array = (...shape: number[]) => ({ shape, data: new Float32Array(sizeOf(shape)) });
  const named = nameWeights(unet);
  const without = (...names: string[]): NamedWeights =>
    Object.fromEntries(Object.entries(named).filter(([name]) => !names.includes(name)));

  test('are told apart by name and shape', () => {
    const changed = {
      ...without('out.0.weight', 'out.0.bias'),
      'out.2.weight': array(2, 8, 3, 3),
      'label_emb.weight': array(10, 32),
    };
    expect(compareWeights(specs, changed)).toEqual({
      matched: specs.length - 3,
      missing: ['out.0.weight', 'out.0.bias'],
      extra: ['label_emb.weight'],
      misshapen: [{ name: 'out.2.weight', shape: [2, 8, 3, 3], needed: [1, 8, 3, 3] }],
    });
    expect(() => joinWeights(specs, changed, 'theirs.safetensors')).toThrow(
      expect.objectContaining({
        code: 'mismatch',
        message: `theirs.safetensors: does not fit the network: 2 missing (out.0.weight, out.0.bias), 1 extra (label_emb.weight), 1 misshapen (out.2.weight is [2, 8, 3, 3], not [1, 8, 3, 3]); ${specs.length - 3} of ${specs.length} parameters fit. Give the network that the file was made for`,
      }),
    );
  });

  test('are one line, however many', () => {
    const other = trained(findPreset('digits8').config, [1, 8, 8]);
    const join = () => joinWeights(specs, nameWeights(other), 'f');
    expect(join).toThrow(
      new RegExp(
        `^f: does not fit the network: ${specs.length} missing \\(time_embed\\.0\\.weight, time_embed\\.0\\.bias, time_embed\\.2\\.weight, …\\), \\d+ extra \\([^\\n]*\\); 0 of ${specs.length} `,
      ),
    );
  });

  test('an axis more of size 1 is no difference, another order is', () => {
    const w = { name: 'w', shape: [4, 2, 1], initialize: 0 };
    expect(compareWeights([w], { w: array(4, 2) }).matched).toBe(1);
    expect(compareWeights([w], { w: array(4, 2, 1, 1) }).matched).toBe(1);
    expect(compareWeights([w], { w: array(2, 4) }).misshapen).toHaveLength(1);
    expect(compareWeights([w], { w: array(1, 4, 2) }).misshapen).toHaveLength(1);
    expect(compareWeights([{ ...w, name: 'toString' }], {}).missing).toEqual(['toString']);
  });
});

test('a denoiser from elsewhere has no weights to name', () => {
  const names = { shape: [2], inputName: 'in', outputName: 'out' };
  const bytes = exportOnnx({ build: (x) => mul(x, 0.5), ...names });
  expect(() => readTrainedModel(bytes, 'half.onnx')).toThrow(
    'half.onnx: is from elsewhere, what its weights mean is not known; give a model that mdensity trained',
  );
});

test('a value that half precision cannot hold is named', () => {
  const start = initializeParameters(specs, 0);
  start[0] = 1e6;
  expect(() => exportDenoiser(unet.config, start, { half: true })).toThrow(
    /^export: "[\w.]+" holds 1000000, which half precision cannot; export in single precision$/,
  );
});

describe('names that wrappers of PyTorch change', () => {
  const specs = [
    { name: 'a.weight', shape: [2] },
    { name: 'b', shape: [1] },
  ] as unknown as Parameters<typeof joinWeights>[0];
  const a = { shape: [2], data: Float32Array.of(1, 2) };
  const b = { shape: [1], data: Float32Array.of(3) };

  test.each(['module.', '_orig_mod.', 'module._orig_mod.', '_orig_mod.module.'])('%s', (prefix) => {
    const weights = { [`${prefix}a.weight`]: a, [`${prefix}b`]: b };
    expect(compareWeights(specs, weights)).toMatchObject({ matched: 2, extra: [] });
    expect([...joinWeights(specs, weights, 'f')]).toEqual([1, 2, 3]);
  });

  test('are left where only some have them', () => {
    const report = compareWeights(specs, { 'module.a.weight': a, b });
    expect(report).toMatchObject({ missing: ['a.weight'], extra: ['module.a.weight'] });
  });
});
