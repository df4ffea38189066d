import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { examplesFromArray, npyExamples, npzExamples } from './arrays.ts';
import { temporaryFolder } from './fixtures/folder.ts';
import { whole } from './fixtures/whole.ts';
import { writeNpy } from './npy.ts';
import type { NpyArray, NpyType } from './npy-decode.ts';
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
  ['integers', array('i4', [1, 4], new Int32Array(4)), /type is i4; save images as uint8/],
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
  [Int32Array.of(0, 256), [2], /a\.npz \(labels\): label at \[1\] is 256/],
  [Int32Array.of(-1, 0), [2], /label at \[0\] is -1/],
  [Float32Array.of(0, 0.5), [2], /label at \[1\] is 0\.5/],
  [Int32Array.of(1, 2, 3), [3], /shape is \(3\), \(2\) expected/],
])('refuses labels %s', async (data, shape, message) => {
  const path = `${folder}/bad/a.npz`;
  await writeNpz(path, {
    x: { data: new Float32Array(4), shape: [2, 2] },
    labels: { data, shape },
  });
  await expect(npzExamples(path)).rejects.toThrow(message);
});
