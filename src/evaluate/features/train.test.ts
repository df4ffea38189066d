import { expect, test } from 'vitest';
import type { Dataset } from '../../data/dataset.ts';
import { holdOut } from '../../data/hold-out.ts';
import { anError } from '../../testing-errors.ts';
import { classificationAccuracy } from './accuracy.ts';
import { augmentedBatches } from './augmented-batches.ts';
import { classifierSchema } from './classifier.ts';
import { embeddedFeatures, encodeFeatures } from './embedded.ts';
import { digits8 } from './testing.ts';
import { classifierTrainingSchema, trainClassifier } from './train.ts';

const network = classifierSchema.parse({
  shape: [1, 8, 8],
  patch: 1,
  channels: [16, 32],
  blocks: 1,
  groups: 4,
  classes: 10,
});
const { training: dataset, heldOut } = holdOut(digits8(), { validation: 297, seed: 0 });
const settings = (steps: number) => classifierTrainingSchema.parse({ steps, shift: 1 });

test('300 steps tell 95 % of unseen 8×8 digits apart', async () => {
  const losses: number[] = [];
  const tensors = await trainClassifier({
    dataset,
    network,
    training: settings(300),
    threads: 1,
    onStep: ({ loss }) => losses.push(loss),
  });
  // As the last layer starts: about log K nats; at the end the classes are known.
  expect(losses[0]).toBeCloseTo(Math.log(10), 0);
  expect(losses.slice(-20).reduce((sum, loss) => sum + loss / 20, 0)).toBeLessThan(0.5);
  const card = {
    name: 'digits8',
    network,
    classes: [...dataset.classes!],
    data: 'digits8',
    trained: dataset.count,
    accuracy: 0.95,
    heldOut: heldOut!.count,
  };
  const features = await embeddedFeatures('digits8', encodeFeatures(card, tensors));
  expect(await classificationAccuracy(features, heldOut!)).toBeGreaterThan(0.95);
  await features.release();
});

test('the same seed trains to the same bits', async () => {
  const run = (seed: number) =>
    trainClassifier({ dataset, network, training: { ...settings(5), seed }, threads: 1 });
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  expect(await run(2)).not.toEqual(first);
  expect(Object.keys(first).some((name) => name.startsWith('sketch'))).toBe(false);
});

test('batches are shifted and mirrored images, each with its own label', () => {
  const shape = [1, 2, 4];
  const data = Uint8Array.from([0, 51, 102, 153, 153, 204, 255, 51]);
  const one: Dataset = {
    name: 'one',
    count: 1,
    shape,
    hash: '',
    dtype: 'uint8',
    labels: Uint8Array.of(7),
    read: (_: number, into: Uint8Array | Float32Array, at: number) => into.set(data, at),
  };
  const draw = (shift: number, flip: boolean, index = 0) => {
    const images = new Float32Array(64 * 8);
    const labels = new Uint8Array(64);
    augmentedBatches(one, { seed: 3, batch: 64, shift, flip })(index, images, labels);
    expect([...labels]).toEqual(new Array(64).fill(7));
    return Array.from({ length: 64 }, (_, i) =>
      [...images.subarray(i * 8, i * 8 + 8)].map((value) => Math.round(value * 255)),
    );
  };
  const different = (rows: number[][]) => new Set(rows.map((row) => row.join())).size;
  expect(draw(0, false)).toEqual(new Array(64).fill([...data]));
  expect(different(draw(0, true))).toBe(2);
  expect(draw(0, true)).toContainEqual([153, 102, 51, 0, 51, 255, 204, 153]);
  // Two rows: shifts up and down repeat one of them, so 3 × 3 pictures.
  expect(different(draw(1, false))).toBe(9);
  // One to the right: the left edge is repeated.
  expect(draw(1, false)).toContainEqual([0, 0, 51, 102, 153, 153, 204, 255]);
  expect(draw(1, true)).toEqual(draw(1, true));
  expect(draw(1, true, 1)).not.toEqual(draw(1, true));
});

test.each([
  [{ ...dataset, labels: undefined }, anError('unsupported', { data: 'digits8' })],
  [{ ...dataset, shape: [1, 16, 4] }, anError('shape', { shape: [1, 16, 4], wanted: [1, 8, 8] })],
  [
    { ...dataset, labels: new Uint8Array(1500).fill(12) },
    anError('mismatch', { class: 12, classes: 10 }),
  ],
])('refuses data that do not fit', async (unfit, error) => {
  const options = { dataset: unfit as typeof dataset, network, training: settings(1) };
  await expect(trainClassifier(options)).rejects.toThrow(error);
});
