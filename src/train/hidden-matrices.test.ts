import { describe, expect, test } from 'vitest';
import {
  add,
  conv2d,
  input,
  matMul,
  mul,
  reshape,
  silu,
  slice,
  type Tensor,
} from '../graph/index.ts';
import { createModel, denoisingLoss, type ModelConfig } from '../model/index.ts';
import { bindParameters, findPreset } from '../nn/index.ts';
import { smallUnet } from '../run/testing.ts';
import { hiddenMatrices } from './hidden-matrices.ts';

const sorted = (names: ReadonlySet<string>) => [...names].sort();

/** The hidden matrices of a model's loss. */
function ofModel(config: Partial<ModelConfig> & Pick<ModelConfig, 'network' | 'shape'>) {
  const given = {
    parametrization: 'gps',
    view: 'noise',
    noise: { type: 'gaussian', sigma: 0.5, measurements: 1 },
  } as const;
  const { denoiser, specs, inputShape } = createModel({ ...given, ...config });
  const tensors = Object.fromEntries(specs.map(({ name, shape }) => [name, input(name, shape)]));
  const x = input('x', [2, ...inputShape]);
  const loss = denoisingLoss(x, denoiser(bindParameters(tensors), x));
  const weights = specs.filter(({ shape }) => shape.length > 1).map(({ name }) => name);
  return { hidden: hiddenMatrices(loss, tensors), weights };
}

describe('of networks, all weights but those of the first and the last layers', () => {
  test.each([
    ['mlp', [2], ['hidden.0.weight', 'out.weight']],
    ['digits8', [1, 8, 8], ['in.weight', 'out.conv.weight']],
    // Their estimate is a gradient: it begins and ends with the first layer, and turns in the last.
    ['energy8', [1, 8, 8], ['in.weight']],
    ['mlp-energy', [2], ['hidden.0.weight']],
  ] as const)('%s', (net, shape, edges) => {
    const energy = net.includes('energy');
    const network = findPreset(net).config;
    const { hidden, weights } = ofModel({
      network,
      shape: [...shape],
      ...(energy && { parametrization: 'gps-energy', view: 'denoised' }),
    });
    const left = weights.filter((name) => !hidden.has(name));
    expect(left).toEqual(edges);
  });

  test('U-Nets keep their embedding of time apart too', () => {
    const { hidden, weights } = ofModel({ network: smallUnet, shape: [1, 8, 8] });
    const left = weights.filter((name) => !hidden.has(name));
    expect(left).toEqual(['time_embed.0.weight', 'input_blocks.0.0.weight', 'out.2.weight']);
    expect(hidden.has('middle_block.1.qkv.weight')).toBe(true);
  });

  test('a network of one hidden layer has one, a smaller one none', () => {
    const mlp = (layers: number) =>
      ofModel({ network: { type: 'mlp', width: 8, layers }, shape: [2] }).hidden.size;
    expect([mlp(2), mlp(1)]).toEqual([1, 0]);
  });
});

describe('of a graph', () => {
  const x = input('x', [3, 4]);
  const w = (name: string, rows = 4, columns = 4) => input(name, [rows, columns]);
  const through = (from: Tensor, weight: Tensor) => silu(matMul(from, weight));

  test('cut and scaled weights are still weights; what is added or single-rowed is not', () => {
    const [first, cut, added, row, last] = [
      w('first'),
      w('cut', 8),
      w('added', 3),
      w('row', 4, 1),
      w('last'),
    ];
    const half = mul(slice(cut, [4, 0], [8, 4]), 0.5);
    let hidden = through(x, first);
    hidden = add(through(hidden, half), added);
    hidden = add(hidden, matMul(hidden, row));
    const output = matMul(hidden, last);
    expect(sorted(hiddenMatrices(output, { first, cut, added, row, last }))).toEqual(['cut']);
  });

  test('a weight that is used twice counts as first if it is once', () => {
    const [first, both, middle, last] = [w('first'), w('both'), w('middle'), w('last')];
    const hidden = through(through(add(through(x, first), matMul(x, both)), both), middle);
    const output = matMul(hidden, last);
    expect(sorted(hiddenMatrices(output, { first, both, middle, last }))).toEqual(['middle']);
  });

  test('kernels count whatever shape they are used in', () => {
    const image = input('image', [1, 4, 6, 6]);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => input(name, [4, 4, 1, 3])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const column = reshape(b, [4, 4, 3, 1]);
    const made = conv2d(conv2d(conv2d(image, a, {}), column, {}), c, {});
    expect(sorted(hiddenMatrices(made, { a, b, c }))).toEqual(['b']);
  });
});
