import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAllScaled } from '../../data/dataset.ts';
import { holdOut } from '../../data/hold-out.ts';
import { decodeSafeTensors, encodeSafeTensors } from '../../data/safetensors.ts';
import { packagePath } from '../../package-folder.ts';
import { fillUniform, randomKey } from '../../random.ts';
import { anError } from '../../testing-errors.ts';
import { readFeatureWeights } from '../model/feature-weights.ts';
import { classificationAccuracy } from './accuracy.ts';
import { type EmbeddedFeatureName, embeddedFeatureNames, embeddedFeatures } from './embedded.ts';
import { digits8, mnist } from './testing.ts';

const noise = (length: number) => {
  const values = new Float32Array(length);
  fillUniform(randomKey(4), 0, values);
  return values;
};

const sizes: Readonly<Record<EmbeddedFeatureName, readonly [number[], number, number]>> = {
  mnist: [[1, 28, 28], 64, 0.985],
  fashion: [[1, 28, 28], 64, 0.91],
  cifar10: [[3, 32, 32], 128, 0.78],
  digits8: [[1, 8, 8], 32, 0.98],
};

describe.each(embeddedFeatureNames)('%s', (name) => {
  const [shape, dimension, accuracy] = sizes[name];
  const size = shape.reduce((product, length) => product * length, 1);

  test('fits in its file, and says what it is and how good', async () => {
    const path = packagePath('assets', 'features', `${name}.safetensors`);
    expect(statSync(path).size).toBeLessThan(1_500_000);
    const network = await embeddedFeatures(name, await readFeatureWeights(name));
    expect(network).toMatchObject({ name, shape, dimension });
    expect(network.classes).toHaveLength(10);
    expect(network.card.accuracy).toBeGreaterThan(accuracy);
    await network.release();
  });

  test('gives an image the same features in any batch, and all of them vary', async () => {
    const weights = await readFeatureWeights(name);
    const images = noise(23 * size);
    const all = await embeddedFeatures(name, weights, { batch: 23 });
    const few = await embeddedFeatures(name, weights, { batch: 4 });
    const [expected, found] = [await all.run(images), await few.run(images)];
    expect(expected.features).toHaveLength(23 * dimension);
    expect(expected.logits).toHaveLength(230);
    expect(largestDifference(found.features, expected.features)).toBeLessThan(1e-4);
    expect(largestDifference(found.logits, expected.logits)).toBeLessThan(1e-3);
    const own = await all.run(images.subarray(5 * size, 6 * size));
    const row = expected.features.subarray(5 * dimension, 6 * dimension);
    expect(largestDifference(own.features, row)).toBeLessThan(1e-4);
    for (let d = 0; d < dimension; d++) {
      expect(
        new Set(Array.from({ length: 23 }, (_, i) => expected.features[i * dimension + d])).size,
      ).toBeGreaterThan(20);
    }
    await Promise.all([all.release(), few.release()]);
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

// The examples that a training with seed 0 held out, see assets/features/README.md.
test.each([
  ['mnist', mnist, 1000],
  ['digits8', digits8, 297],
] as const)(
  '%s is as accurate on the embedded images it has not seen as its card says',
  async (name, read, validation) => {
    const { heldOut } = holdOut(read(), { validation, seed: 0 });
    const network = await embeddedFeatures(name, await readFeatureWeights(name));
    const accuracy = await classificationAccuracy(network, heldOut!);
    expect(network.card).toMatchObject({ heldOut: validation });
    expect(Math.abs(accuracy - network.card.accuracy)).toBeLessThan(1.5 / validation);
    await network.release();
  },
);

test('features tell more of a digit than its class: within classes they vary too', async () => {
  const { heldOut } = holdOut(mnist(), { validation: 1000, seed: 0 });
  const network = await embeddedFeatures('mnist', await readFeatureWeights('mnist'));
  const { features } = await network.run(readAllScaled(heldOut!));
  await network.release();
  const all = Array.from({ length: 1000 }, (_, i) => i);
  const total = squares(features, all);
  const within = network.classes
    .map((_, k) =>
      squares(
        features,
        all.filter((i) => heldOut!.labels![i] === k),
      ),
    )
    .reduce((sum, own) => sum.map((value, d) => value + own[d]!));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b);
  expect(sum(within) / sum(total)).toBeGreaterThan(0.1);
  expect(Math.min(...within) / 1000).toBeGreaterThan(1e-3);
});

/** Squared deviations of each of the 64 features from their mean over some rows, summed. */
function squares(features: Float32Array, rows: readonly number[]): number[] {
  return Array.from({ length: 64 }, (_, d) => {
    const values = rows.map((row) => features[row * 64 + d]!);
    const mean = values.reduce((a, b) => a + b) / values.length;
    return values.reduce((a, b) => a + (b - mean) ** 2, 0);
  });
}

describe('a bad file is refused in one line', () => {
  const broken = async (change: (file: Changeable) => void) => {
    const { tensors, metadata } = decodeSafeTensors(await readFeatureWeights('digits8'), 'test');
    const file = { tensors: { ...tensors }, metadata: { ...metadata } };
    change(file);
    return embeddedFeatures('digits8', encodeSafeTensors(file), { source: 'mine.safetensors' });
  };
  interface Changeable {
    tensors: Record<string, { shape: readonly number[]; data: Float32Array }>;
    metadata: Record<string, string>;
  }
  const card = 'mdensity.features';

  test('of another name', async () => {
    const weights = await readFeatureWeights('digits8');
    await expect(embeddedFeatures('mnist', weights)).rejects.toThrow(
      anError('mismatch', { name: 'digits8', wanted: 'mnist' }),
    );
  });

  test('cut short', async () => {
    const weights = await readFeatureWeights('digits8');
    await expect(embeddedFeatures('digits8', weights.subarray(0, 9000))).rejects.toThrow(
      /^digits8\.safetensors: the file is cut short/,
    );
  });

  test.each<[string, (file: Changeable) => void, unknown]>([
    [
      'without a card',
      ({ metadata }) => delete metadata[card],
      anError('unreadable', { source: 'mine.safetensors' }),
    ],
    [
      'with a card that is none',
      ({ metadata }) => Object.assign(metadata, { [card]: '{"name":3}' }),
      anError('unreadable', { source: 'mine.safetensors' }),
    ],
    [
      'with too few names',
      ({ metadata }) =>
        Object.assign(metadata, { [card]: metadata[card]!.replace('["0","1",', '["0",') }),
      anError('unreadable', { classes: 9, network: 10 }),
    ],
    [
      'with a network that cannot be',
      ({ metadata }) =>
        Object.assign(metadata, { [card]: metadata[card]!.replace('"groups":4', '"groups":5') }),
      /^mine\.safetensors: its network cannot be built, groupNorm: channels do not split into 5 groups/,
    ],
    [
      'without a weight',
      ({ tensors }) => delete tensors['norm.weight'],
      /^mine\.safetensors: does not fit the network: 1 missing \(norm\.weight\)/,
    ],
    [
      'with a weight of another shape',
      ({ tensors }) =>
        Object.assign(tensors, { 'norm.bias': { shape: [3], data: new Float32Array(3) } }),
      /^mine\.safetensors: does not fit the network: 1 misshapen \(norm\.bias is \[3\], not \[32\]\)/,
    ],
  ])('%s', async (_, change, error) => {
    await expect(broken(change)).rejects.toThrow(error);
  });
});
