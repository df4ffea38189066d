import { describe, expect, test } from 'vitest';
import { constant, matMul, mul, reshape } from '../graph/index.ts';
import { fillUniform, randomKey } from '../random.ts';
import { compileFeatures, pixelFeatures } from './feature-network.ts';

const weights = Float32Array.of(1, 0, 2, 0, 1, -1, 1, 1, 0, 0.5, 0, 1);

/** Features x·W of four pixels, logits twice the first two. */
const options = {
  name: 'test',
  shape: [1, 2, 2],
  classes: ['a', 'b', 'c'],
  batch: 4,
  threads: 1,
  build: (images: Parameters<typeof reshape>[0]) => {
    const flat = reshape(images, [4, 4]);
    const features = matMul(flat, constant(weights, [4, 3]));
    return { features, logits: mul(features, constant(Float32Array.of(2), [])) };
  },
};

const byHand = (images: Float32Array) =>
  Float32Array.from({ length: (images.length / 4) * 3 }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < 4; k++)
      sum += images[Math.floor(at / 3) * 4 + k]! * weights[k * 3 + (at % 3)]!;
    return sum;
  });

const pixels = (n: number) => {
  const images = new Float32Array(n * 4);
  fillUniform(randomKey(n), 0, images);
  return images;
};

const close = (found: Float32Array, expected: Float32Array) => {
  expect(found.length).toBe(expected.length);
  for (const [at, value] of found.entries()) expect(value).toBeCloseTo(expected[at]!, 5);
};

describe('a feature network', () => {
  test('takes any number of images, whole batches or not, one call after the other', async () => {
    const network = await compileFeatures(options);
    expect(network).toMatchObject({ name: 'test', dimension: 3, classes: ['a', 'b', 'c'] });
    for (const n of [5, 0, 1, 3, 4, 8, 11, 0, 2]) {
      const images = pixels(n);
      const { features, logits } = await network.run(images);
      close(features, byHand(images));
      close(
        logits,
        byHand(images).map((x) => 2 * x),
      );
    }
    await network.release();
  });

  test('gives arrays of its own', async () => {
    const network = await compileFeatures(options);
    const first = await network.run(pixels(4));
    const kept = first.features.slice();
    await network.run(pixels(7));
    expect(first.features).toEqual(kept);
    await network.release();
  });

  test('may have no classes', async () => {
    const { classes, build, ...rest } = options;
    const network = await compileFeatures({
      ...rest,
      build: (x) => ({ features: build(x).features }),
    });
    const { features, logits } = await network.run(pixels(5));
    expect([features.length, logits.length, network.classes]).toEqual([15, 0, []]);
    await network.release();
  });

  test('refuses parts of images', async () => {
    const network = await compileFeatures(options);
    await expect(network.run(new Float32Array(7))).rejects.toThrow(
      'test features: 7 values are no whole number of images [1, 2, 2]',
    );
    await network.release();
  });
});

test('pixels are features of their own', async () => {
  const network = pixelFeatures([1, 2, 2]);
  const images = pixels(3);
  const { features } = await network.run(images);
  expect(features).toEqual(images);
  expect(features.buffer).not.toBe(images.buffer);
  await expect(network.run(new Float32Array(7))).rejects.toThrow(
    'pixels features: 7 values are no',
  );
});
