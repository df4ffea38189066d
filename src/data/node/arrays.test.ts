import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import type { NpyArray, NpyType } from '../npy-decode.ts';
import { examplesFromArray, npyExamples, npzExamples } from './arrays.ts';
import { writeNpy } from './npy.ts';
import { writeNpz } from './npz.ts';

const folder = temporaryFolder();

function array(dtype: NpyType, shape: number[], data: NpyArray['data']): NpyArray {
  return { dtype, shape, data };
}

test.each([
  ['points', array('f8', [2, 2], Float64Array.of(1, -2, 3, 4)), [2], Float32Array.of(1, -2, 3, 4)],
  ['numbers', array('f4', [3], Float32Array.of(1, 2, 3)), [1], Float32Array.of(1, 2, 3)],
  ['grey images', array('u1', [1, 1, 2], Uint8Array.of(7, 9)), [1, 1, 2], Uint8Array.of(7, 9)],
  [
    'colour images',
    array('u1', [1, 3, 1, 1], Uint8Array.of(1, 2, 3)),
    [3, 1, 1],
    Uint8Array.of(1, 2, 3),
  ],
  [
    'colour images, channels last',
    array('u1', [1, 1, 2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)),
    [1, 2, 3],
    Uint8Array.of(1, 2, 3, 4, 5, 6),
  ],
  ['float images', array('f4', [1, 1, 2], Float32Array.of(0, 1)), [1, 1, 2], Float32Array.of(0, 1)],
  [
    'half images',
    array('f2', [1, 1, 2], Float32Array.of(0, 0.5)),
    [1, 1, 2],
    Float32Array.of(0, 0.5),
  ],
  [
    'bytes in uint16',
    array('u2', [1, 1, 2], Uint16Array.of(7, 255)),
    [1, 1, 2],
    Uint8Array.of(7, 255),
  ],
  ['16 bits', array('u2', [1, 1, 2], Uint16Array.of(0, 65535)), [1, 1, 2], Float32Array.of(0, 1)],
  [
    'black and white',
    array('b1', [1, 1, 2], Uint8Array.of(0, 1)),
    [1, 1, 2],
    Uint8Array.of(0, 255),
  ],
  ['whole numbers', array('i8', [1, 2], BigInt64Array.of(-3n, 4n)), [2], Float32Array.of(-3, 4)],
])('%s', (_, source, shape, data) => {
  expect(whole(examplesFromArray(source, 'a.npy'))).toEqual({
    count: source.shape[0],
    shape,
    data,
  });
});

const five = new Float32Array(5);

test.each([
  [
    'NaN',
    array('f4', [2, 2], Float32Array.of(0, 1, Number.NaN, 3)),
    /value at \[1, 0\] is NaN; remove/,
  ],
  ['beyond float32', array('f8', [1, 1], Float64Array.of(1e300)), /is 1e\+300, beyond float32/],
  [
    'image above 1',
    array('f4', [1, 1, 2], Float32Array.of(0, 1.5)),
    /value at \[0, 0, 1\] is 1\.5; scale/,
  ],
  ['flat bytes', array('u1', [1, 4], new Uint8Array(4)), /reshape images to \[n, h, w\]/],
  ['integers', array('i4', [1, 2, 2], new Int32Array(4)), /type is i4; save images as uint8/],
  ['nothing', array('f4', [0, 4], new Float32Array(0)), /shape \(0, 4\) holds no examples/],
  ['five dimensions', array('f4', [1, 1, 1, 1, 5], five), /has 5 dimensions/],
])('refuses %s', (_, source, message) => {
  expect(() => examplesFromArray(source, 'a.npy')).toThrow(UserError);
  expect(() => examplesFromArray(source, 'a.npy')).toThrow(message);
});

test('an NPY file becomes points', async () => {
  const path = `${folder}/a.npy`;
  await writeNpy(path, Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  expect(await npyExamples(path)).toMatchObject({ count: 2, shape: [3] });
  await expect(npyExamples(path, { split: 'test' })).rejects.toThrow(/no test split/);
});

test('an NPZ file gives images and labels, whatever the order of its arrays', async () => {
  const path = `${folder}/a.npz`;
  await writeNpz(path, {
    labels: { data: Int32Array.of(3, 0), shape: [2] },
    other: { data: Float64Array.of(1), shape: [1] },
    images: { data: new Uint8Array(8), shape: [2, 2, 2] },
  });
  const read = await npzExamples(path);
  expect(read).toMatchObject({ count: 2, shape: [1, 2, 2], labels: Uint8Array.of(3, 0) });
});

test.each([
  [Int32Array.of(-1, 0), /left out: labels holds -1 at \[0\]/],
  [Float32Array.of(0, 0.5), /left out: labels holds 0\.5 at \[1\]/],
])('labels %s are left out, and that is said', async (data, note) => {
  const path = `${folder}/odd/a.npz`;
  await writeNpz(path, {
    x: { data: new Float32Array(4), shape: [2, 2] },
    labels: { data, shape: [2] },
  });
  const { labels, taken } = await npzExamples(path);
  expect(labels).toBeUndefined();
  expect(taken).toMatchObject({ examples: 'x', passedOver: ['labels'] });
  expect(taken?.notes[0]).toMatch(note);
});

test('labels of other examples are refused; those of many classes, as columns, are taken', async () => {
  const path = `${folder}/many/a.npz`;
  const x = { data: new Float32Array(4), shape: [2, 2] };
  await writeNpz(path, { x, y: { data: Int32Array.of(1, 2, 3), shape: [3] } });
  await expect(npzExamples(path)).rejects.toMatchObject({ code: 'mismatch' });
  await writeNpz(path, { x, y: { data: Int32Array.of(70_000, 2), shape: [2, 1] } });
  expect((await npzExamples(path)).labels).toEqual(Uint32Array.of(70_000, 2));
});

/** An NPZ whose arrays are each one image of one value: their place in the list. */
async function npzOf(...names: string[]): Promise<string> {
  const path = `${folder}/named/${names.join('+').replaceAll('/', ':')}.npz`;
  const entries = names.map((name, i) => {
    const isLabels = /label|^y|target/i.test(name);
    const image = { data: Uint8Array.of(i), shape: [1, 1, 1] };
    return [name, isLabels ? { data: Int32Array.of(i), shape: [1] } : image] as const;
  });
  await writeNpz(path, Object.fromEntries(entries));
  return path;
}

// MedMNIST's, Keras's, scikit-learn's, guided-diffusion's and others' names.
const medmnist = [
  'train_images',
  'val_images',
  'test_images',
  'train_labels',
  'val_labels',
  'test_labels',
];
test.each([
  [
    ['val_images', 'val_labels', 'train_images', 'train_labels'],
    undefined,
    'train_images',
    'train_labels',
  ],
  [medmnist, undefined, 'train_images', 'train_labels'],
  [medmnist, 'val', 'val_images', 'val_labels'],
  [medmnist, 'test', 'test_images', 'test_labels'],
  [['x_test', 'x_train', 'y_train', 'y_test'], 'train', 'x_train', 'y_train'],
  [['Xtest', 'Xtrain', 'ytrain'], 'test', 'Xtest', undefined],
  [['trainX', 'trainY', 'testX'], undefined, 'trainX', 'trainY'],
  [['data', 'target'], undefined, 'data', 'target'],
  [['arr_0'], undefined, 'arr_0', undefined],
  [['ids', 'images'], undefined, 'images', undefined],
  [['image_ids', 'imgs'], undefined, 'imgs', undefined],
  [['x', 'x_test'], undefined, 'x', undefined],
  [['faces'], undefined, 'faces', undefined],
  [['train', 'test'], undefined, 'train', undefined],
] as const)('of %s, split %s: %s', async (names, split, examples, labels) => {
  const path = await npzOf(...names);
  const read = await npzExamples(path, { split });
  expect(read.taken?.examples).toBe(examples);
  expect(read.taken?.labels).toBe(labels);
  expect(whole(read).data[0]).toBe((names as readonly string[]).indexOf(examples));
  const passed = names.filter((name) => name !== examples && name !== labels);
  expect(read.taken?.passedOver).toEqual(passed);
});

test('two arrays without names are examples and labels', async () => {
  const path = `${folder}/unnamed.npz`;
  await writeNpz(path, {
    arr_0: { data: new Uint8Array(8), shape: [2, 2, 2] },
    arr_1: { data: Int32Array.of(4, 2), shape: [2] },
  });
  expect(await npzExamples(path)).toMatchObject({ labels: Uint8Array.of(4, 2) });
});

test.each([
  [['mu', 'sigma'], undefined],
  [['mu'], undefined],
  [['images', 'data'], undefined],
  [['a', 'b'], undefined],
  [['labels'], undefined],
  [['x_val', 'x_test'], undefined],
  [['x_train', 'x_test'], 'val'],
  [['x'], 'test'],
  [['train_images', 'images'], undefined],
] as const)('of %s, split %s: none is guessed', async (names, split) => {
  const path = await npzOf(...names);
  const error = await npzExamples(path, { split }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { facts } = error as UserError;
  expect(['array', 'split']).toContain(facts.option);
});

test('an array may be named', async () => {
  const path = await npzOf('a', 'b');
  const { taken } = await npzExamples(path, { array: 'b' });
  expect(taken).toMatchObject({ examples: 'b', passedOver: ['a'] });
  await expect(npzExamples(path, { array: 'c' })).rejects.toMatchObject({
    facts: { option: 'array' },
  });
});
