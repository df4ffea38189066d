import { describe, expect, test } from 'vitest';
import { GraphError, grad, input, mul, reduceSum, type Tensor } from '../graph/index.ts';
import { computed, createDraw, evaluate, expectClose, normalInput } from '../graph/testing.ts';
import { type AdditiveUNetConfig, additiveUnet } from './additive-unet.ts';
import { mlp } from './mlp.ts';
import { createNetwork, type NetworkConfig, networkSchema } from './networks.ts';
import { findPreset, presets } from './presets.ts';
import { countParameters, listParameters, type Scope } from './scope.ts';
import { buildWith } from './testing.ts';
import { unet } from './unet.ts';
import { type UNetConfig, unetSchema } from './unet-config.ts';

const tiny: AdditiveUNetConfig = {
  type: 'additive-unet',
  patch: 2,
  modelChannels: 8,
  channelMult: [1, 2],
  numResBlocks: [1, 1],
  attentionResolutions: [2],
  heads: 2,
  groups: 4,
};

const small: UNetConfig = unetSchema.parse({
  type: 'unet',
  modelChannels: 8,
  channelMult: [1, 2],
  numResBlocks: 1,
  attentionResolutions: [4],
  numHeadChannels: 4,
  groups: 4,
});

const configs: [string, NetworkConfig, readonly number[]][] = [
  ['mlp', { type: 'mlp', width: 6, layers: 2 }, [3]],
  ['mlp of images', { type: 'mlp', width: 6, layers: 1 }, [1, 2, 2]],
  ['mlp without hidden layers', { type: 'mlp', width: 6, layers: 0 }, [3]],
  ['additive unet with attention at the lowest level', tiny, [3, 8, 8]],
  [
    'additive unet of one level',
    { ...tiny, patch: 1, channelMult: [1], numResBlocks: [2] },
    [1, 4, 4],
  ],
  [
    'additive unet of three levels',
    { ...tiny, patch: 1, channelMult: [1, 1, 2], numResBlocks: [1, 0, 1] },
    [2, 8, 4],
  ],
  ['unet without embedding', small, [3, 8, 8]],
  [
    'unet that scales, shifts and resamples in blocks',
    { ...small, time: 3, scaleShiftNorm: true, resample: 'block', dropout: 0.5 },
    [1, 4, 8],
  ],
  [
    'bytenet',
    { type: 'bytenet', channels: 8, hidden: 4, layers: 3, kernel: 3, maxDilation: 4, groups: 2 },
    [5, 7],
  ],
  ['unet of one level', { ...small, channelMult: [2], resample: 'pool' }, [1, 4, 3]],
];

describe.each(configs)('%s', (_, config, shape) => {
  const x = normalInput(createDraw(81), [2, ...shape]);
  const network = createNetwork(config);

  test('starts as the zero map and keeps the shape', async () => {
    const { y } = buildWith(network, x, 'initial');
    expect(y.shape).toEqual(x.shape);
    expect((await computed(y)).every((value) => value === 0)).toBe(true);
  });

  test('has names of its own for all parameters, and every parameter is used', async () => {
    const { y, specs, parameters } = buildWith(network, x, 'random');
    expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
    const gradients = grad(reduceSum(mul(y, y)), Object.values(parameters));
    const result = await evaluate(Object.fromEntries(gradients.map((g, i) => [`${i}`, g])));
    const silent = specs.filter((_spec, i) => result[`${i}`]!.every((value) => value === 0));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test('takes each example for itself', async () => {
    const { y } = buildWith(network, x, 'random');
    const half = normalInput(createDraw(81), [1, ...shape]);
    const { y: alone } = buildWith(network, half, 'random');
    const result = await evaluate({ y, alone });
    // The first example's numbers are the first of the same stream.
    expectClose(result.alone, result.y.slice(0, result.alone.length), 1e-4);
  });
});

describe('parameter counts, by hand', () => {
  const count = (config: NetworkConfig, shape: readonly number[]) =>
    countParameters(listParameters(createNetwork(config), shape));

  test('mlp: (2·6 + 6) + (6·6 + 6) + (6·2 + 2)', () => {
    expect(count({ type: 'mlp', width: 6, layers: 2 }, [2])).toBe(18 + 42 + 14);
  });

  test('additive unet of one level without attention', () => {
    const config = {
      ...tiny,
      patch: 1,
      channelMult: [1],
      numResBlocks: [1],
      attentionResolutions: [],
    };
    // in 1→8, a block of two norms and two convolutions 8→8, out norm and convolution 8→1.
    expect(count(config, [1, 4, 4])).toBe(72 + 8 + 2 * (16 + 576 + 8) + 16 + 72 + 1);
  });

  test('the preset for digits', () => {
    expect(count(findPreset('digits').config, [1, 28, 28])).toBe(336_196);
  });

  test('the other presets', () => {
    // 1→16, two blocks of 16 and one of 32 with the resampling between them, 16→1.
    expect(count(findPreset('digits8').config, [1, 8, 8])).toBe(37_633);
    // 2→128→128→128→2.
    expect(count(findPreset('mlp').config, [2])).toBe(384 + 2 * 16_512 + 258);
  });

  test.each([
    ['digits', [1, 28, 28]],
    ['digits8', [1, 8, 8]],
    ['bytenet-s', [4, 12]],
    ['bytenet', [4, 12]],
  ])('the description of %s says the number', (name, shape) => {
    const { description, config } = findPreset(name);
    expect(description).toContain(`${(count(config, shape) / 1e6).toFixed(2)} M parameters`);
  });
});

describe('what does not fit', () => {
  const images = (...shape: number[]): Tensor => input('pictures', shape);
  const scope: Scope = {
    at: () => scope,
    parameter: (name: string, shape: readonly number[]) => input(name, shape),
    randomBytes: () => undefined,
    part: (build, inputs) => build(scope, inputs),
  };

  test.each([[images(1, 3, 10, 8)], [images(1, 3, 8, 9)], [images(1, 3, 8)]])(
    'additive unet of %j',
    (x) => {
      expect(() => additiveUnet(tiny)(scope, x)).toThrow(
        `additive-unet: takes images [N, C, H, W] whose sides divide by 4 (given pictures [${x.shape.join(', ')}])`,
      );
    },
  );

  test('levels that disagree', () => {
    const call = () => additiveUnet({ ...tiny, numResBlocks: [1] })(scope, images(1, 3, 8, 8));
    expect(call).toThrow('additive-unet: channelMult has 2 levels, numResBlocks 1');
    expect(call).toThrow(GraphError);
    const none = () =>
      additiveUnet({ ...tiny, channelMult: [], numResBlocks: [] })(scope, images(1, 3, 8, 8));
    expect(none).toThrow(GraphError);
  });

  test('groups and heads that do not divide the channels', () => {
    const of = (change: Partial<AdditiveUNetConfig>) => () =>
      additiveUnet({ ...tiny, ...change })(scope, images(1, 3, 8, 8));
    expect(of({ groups: 3 })).toThrow('3 groups');
    expect(of({ heads: 3 })).toThrow('attention: channels do not split into 3 heads');
  });

  test.each([[images(1, 3, 10, 9)], [images(1, 3, 9, 8)], [images(1, 3, 8)]])('unet of %j', (x) => {
    expect(() => unet(small)(scope, x)).toThrow(
      `unet: with 2 levels takes images [N, C, H, W] whose sides divide by 2 (given pictures [${x.shape.join(', ')}])`,
    );
  });

  test.each<[Partial<UNetConfig>, string]>([
    [
      { attentionResolutions: [8, 5] },
      'unet: attention at resolution 5 never occurs: there are 8, 4',
    ],
    [{ groups: 3 }, 'unet: 8 channels do not split into 3 groups'],
    [{ groups: 8, channelMult: [1, 1.5] }, 'unet: 12 channels do not split into 8 groups'],
    [{ numHeadChannels: 3 }, 'unet: channels do not split into heads of 3'],
    [{ numHeadChannels: undefined, numHeads: 3 }, 'attention: channels do not split into 3 heads'],
  ])('unet with %j', (change, message) => {
    const call = () => unet({ ...small, ...change })(scope, images(1, 3, 8, 8));
    expect(call).toThrow(GraphError);
    expect(call).toThrow(message);
  });

  test('an mlp of no examples', () => {
    expect(() => mlp({ type: 'mlp', width: 4, layers: 1 })(scope, images(3))).toThrow(
      'mlp: takes a batch of examples (given pictures [3])',
    );
  });
});

describe('presets', () => {
  test('are found by name', () => {
    for (const [name, preset] of Object.entries(presets)) expect(findPreset(name)).toBe(preset);
  });

  test.each([
    ['digit', 'Did you mean "digits"?'],
    ['Digits8', 'Did you mean "digits8"?'],
    ['MPL', 'There are: mlp, digits8, digits'],
    ['constructor', 'network "constructor" is not known'],
  ])('%s is unknown', (name, message) => {
    expect(() => findPreset(name)).toThrow(GraphError);
    expect(() => findPreset(name)).toThrow(message);
  });
});

test('the schema of networks refuses what cannot be built', () => {
  const digits = findPreset('digits').config;
  expect(networkSchema.parse(digits)).toEqual(digits);
  for (const wrong of [
    { type: 'foo' },
    { type: 'unet' },
    { ...small, dropout: 1 },
    { ...small, numResBlocks: [1, 1] },
    { ...digits, patch: 0 },
    { ...digits, x: 1 },
  ]) {
    expect(networkSchema.safeParse(wrong).success).toBe(false);
  }
});
