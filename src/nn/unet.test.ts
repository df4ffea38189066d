/**
 * Against guided-diffusion's own U-Net, run in PyTorch: same weights, same image, same time.
 * `bench/peers/unet_fixtures.py` made the fixture.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { concat, grad, mul, reduceMean, reduceSum, reshape, sizeOf } from '../graph/index.ts';
import { evaluate, expectClose, fed } from '../graph/testing.ts';
import { findPreset } from './presets.ts';
import { bindParameters, countParameters, listParameters } from './scope.ts';
import { unet } from './unet.ts';
import { type UNetConfig, unetSchema } from './unet-config.ts';

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly times: readonly number[];
  readonly output: readonly number[];
  readonly inputGradient: readonly number[];
  /** Shape, and the norm of the gradient and its inner product with known numbers. */
  readonly parameters: Readonly<
    Record<string, { shape: readonly number[]; norm: number; probe: number }>
  >;
}

const fixture: { counts: Readonly<Record<string, number>>; cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('./fixtures/guided-diffusion.json', import.meta.url), 'utf8'),
);
const TOLERANCE = 1e-4;

/** Numbers in [−1, 1) from a name, the same as the script's. */
function numbers(name: string, size: number): Float64Array {
  const start = crc32(name);
  return Float64Array.from({ length: size }, (_, i) => {
    let z = (Math.imul(i, 0x9e3779b9) + start) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

function weights(name: string, shape: readonly number[]): Float32Array {
  const values = numbers(name, sizeOf(shape));
  const scale = shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(1))) : 0.3;
  const centre = shape.length === 1 && name.endsWith('weight') ? 1 : 0;
  return Float32Array.from(values, (value) => value * scale + centre);
}

const configs: readonly Omit<UNetConfig, 'time'>[] = [
  {
    modelChannels: 32,
    channelMult: [1, 2],
    numResBlocks: 1,
    attentionResolutions: [6],
    numHeads: 4,
    scaleShiftNorm: true,
    resample: 'block',
  },
  {
    modelChannels: 32,
    channelMult: [1, 2, 2],
    numResBlocks: 1,
    attentionResolutions: [8, 2],
    numHeadChannels: 16,
    attentionOrder: 'headsLast',
  },
  {
    modelChannels: 32,
    channelMult: [2, 3],
    numResBlocks: 2,
    attentionResolutions: [],
    numHeads: 2,
    attentionOrder: 'headsLast',
    scaleShiftNorm: true,
    resample: 'pool',
  },
].map((config) => unetSchema.parse({ type: 'unet', ...config }));

describe.each(fixture.cases.map((theirs, i) => ({ ...theirs, config: configs[i]! })))(
  '$name',
  ({ config, shape, times, parameters, output, inputGradient }) => {
    // One time for all examples is the configuration's; others come with the examples.
    const same = times.every((time) => time === times[0]);
    const network = unet({ ...config, time: times[0]! });
    const specs = listParameters(network, shape.slice(1));

    test('parameters have their names and their numbers of elements', () => {
      const named = Object.entries(parameters).map(([name, { shape: size }]) => [name, ours(size)]);
      expect(Object.fromEntries(specs.map((spec) => [spec.name, spec.shape]))).toEqual(
        Object.fromEntries(named),
      );
    });

    test('output and gradients of its mean square', async () => {
      const x = fed(
        shape,
        Float32Array.from(numbers('x', sizeOf(shape)), (v) => 2 * v),
      );
      const tensors = Object.fromEntries(
        specs.map(({ name, shape: size }) => [
          name,
          fed(size, weights(name, parameters[name]!.shape)),
        ]),
      );
      const y = network(
        bindParameters(tensors),
        x,
        same ? undefined : { times: fed([times.length], times) },
      );
      const [dx, ...gradients] = grad(reduceMean(mul(y, y)), [x, ...Object.values(tensors)]);
      const probes = specs.map(({ name, shape: size }, i) => {
        const probe = fed(size, Float32Array.from(numbers(`probe ${name}`, sizeOf(size))));
        const [square, product] = [gradients[i]!, probe].map((other) => mul(gradients[i]!, other));
        const pair = [reduceSum(square!), reduceSum(product!)].map((sum) => reshape(sum, [1]));
        return [name, concat(pair, 0)] as const;
      });
      const results: Record<string, number[]> = await evaluate({
        output: y,
        inputGradient: dx!,
        ...Object.fromEntries(probes),
      });
      expectClose(results.output!, output, TOLERANCE);
      const largest = Math.max(...inputGradient.map(Math.abs));
      const scaled = (values: readonly number[]) => values.map((value) => value / largest);
      expectClose(scaled(results.inputGradient!), scaled(inputGradient), TOLERANCE);
      for (const [name, { norm, probe }] of Object.entries(parameters)) {
        const [square, product] = results[name] as [number, number];
        // In units of the gradient itself; some are zero but for rounding, as before a norm.
        const unit = Math.max(norm, 0.01);
        const errors = [Math.sqrt(square) - norm, product - probe].map((e) => Math.abs(e) / unit);
        expect(Math.max(...errors), name).toBeLessThan(TOLERANCE);
      }
    });
  },
);

/** Their 1-D convolutions are our 1×1 ones. */
const ours = (shape: readonly number[]) => (shape.length === 3 ? [...shape, 1] : shape);

test.each([
  ['unet-s', [1, 28, 28]],
  ['unet-64', [1, 28, 28]],
  ['unet-m', [3, 32, 32]],
  ['cifar10', [3, 32, 32]],
] as const)('the preset %s has as many parameters as theirs', (name, shape) => {
  const { config, description } = findPreset(name);
  const count = countParameters(listParameters(unet(config as UNetConfig), shape));
  expect(count).toBe(fixture.counts[name]);
  expect(description).toContain(`${(count / 1e6).toFixed(2)} M parameters`);
});
