/**
 * Against pytorch-fid's own network, run in PyTorch with the same numbers as weights.
 * `bench/peers/inception_fixtures.py` made the fixture. There, other pooling, another ε or another
 * way to resize changes a feature by 0.7 % of the largest or more.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../graph/index.ts';
import { expectClose } from '../../graph/testing.ts';
import type { NamedWeights } from '../../model/index.ts';
import { countParameters, listParameters } from '../../nn/index.ts';
import { anError } from '../../testing-errors.ts';
import { inception } from './network.ts';
import { openInception } from './open.ts';

interface Case {
  readonly shape: readonly [number, number, number, number];
  readonly features: readonly number[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../fixtures/inception.json', import.meta.url), 'utf8'),
);
/** Of the largest feature; 4e-6 was measured, and the fixture has six digits. */
const TOLERANCE = 2e-5;

/** Numbers in [centre − scale, centre + scale) from a name, the same as the script's. */
function numbers(name: string, size: number, scale: number, centre: number): Float32Array {
  const start = crc32(name) | 0;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let z = (Math.imul(i, 0x9e3779b9) + start) | 0;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    values[i] = (((z ^ (z >>> 16)) >>> 0) / 2 ** 31 - 1) * scale + centre;
  }
  return values;
}

const specs = listParameters(inception, [3, 299, 299]);

const weights: NamedWeights = Object.fromEntries(
  specs.map(({ name, shape }) => {
    const scale = shape.length > 1 ? Math.sqrt(6 / sizeOf(shape.slice(1))) : 0.3;
    const centre = shape.length === 1 && /(running_var|weight)$/.test(name) ? 1 : 0;
    return [name, { shape, data: numbers(name, sizeOf(shape), scale, centre) }];
  }),
);

test.each(cases)('features of images $shape', async ({ shape, features }) => {
  const [count, ...image] = shape;
  const network = await openInception({ weights, shape: image, batch: count, threads: 1 });
  expect(network).toMatchObject({ name: 'inception', dimension: 2048, shape: image, classes: [] });
  const images = numbers(`images ${shape[2]}`, sizeOf(shape), 0.5, 0.5);
  const made = await network.run(images);
  await network.release();
  expect(made.features.length).toBe(count * 2048);
  expectClose(made.features, features, TOLERANCE);
});

test('94 convolutions, 21.8 million parameters and statistics', () => {
  // torchvision's count of Inception3 without classifiers, 21,785,568, and two statistics of each
  // of its 17,216 channels.
  expect(specs.filter(({ name }) => name.endsWith('.conv.weight'))).toHaveLength(94);
  expect(countParameters(specs)).toBe(21_785_568 + 2 * 17_216);
});

describe('what does not fit is one line', () => {
  const open = (given: NamedWeights, shape = [3, 8, 8]) =>
    openInception({ weights: given, source: 'a.pth', shape, threads: 1 });
  const { 'Conv2d_1a_3x3.conv.weight': first, ...rest } = weights;

  test.each([
    [rest, { matched: 469, wanted: 470 }, '1 missing (Conv2d_1a_3x3.conv.weight)'],
    [{ ...weights, 'layer1.weight': first! }, { matched: 470 }, '1 extra (layer1.weight)'],
    [
      { ...weights, 'Conv2d_1a_3x3.conv.weight': { ...first!, shape: [32, 1, 3, 3] } },
      { matched: 469 },
      'Conv2d_1a_3x3.conv.weight is [32, 1, 3, 3], not [32, 3, 3, 3]',
    ],
    // What the published file has beside them is no fault.
    [
      { 'fc.bias': first!, 'AuxLogits.fc.bias': first!, 'a.bn.num_batches_tracked': first! },
      { matched: 0 },
      '470 missing (',
    ],
  ])('weights %#', async (given, facts, report) => {
    await expect(open(given)).rejects.toThrow(anError('mismatch', { source: 'a.pth', ...facts }));
    await expect(open(given)).rejects.toThrow(report);
  });

  test('images of another number of channels', async () => {
    await expect(open(weights, [4, 8, 8])).rejects.toThrow(anError('shape', { shape: [4, 8, 8] }));
    await expect(open(weights, [64])).rejects.toThrow(anError('shape', { shape: [64] }));
  });
});
