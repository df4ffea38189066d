import { expect, test } from 'vitest';
import { cropTo, kindOf, readModel, valuesOf } from './files.ts';

const square = { channels: 1, height: 28, width: 28 };

test('files by their names', () => {
  expect(kindOf({ name: 'net.ONNX' })).toBe('model');
  expect(kindOf({ name: 'net.onnx.png' })).toBe('picture');
});

test('the middle is taken, in the proportions of the model', () => {
  expect(cropTo({ width: 400, height: 200 }, square)).toEqual({
    x: 100,
    y: 0,
    width: 200,
    height: 200,
  });
  expect(cropTo({ width: 30, height: 100 }, { channels: 3, height: 20, width: 10 })).toEqual({
    x: 0,
    y: 20,
    width: 30,
    height: 60,
  });
});

const pixels = [255, 0, 0, 255, 255, 255, 255, 51];
const two = (channels: number) => ({ channels, height: 1, width: 2 });
const rounded = (values: Float32Array) => [...values].map((value) => Number(value.toFixed(4)));

test('pixels become channels; opacity counts against black', () => {
  expect(rounded(valuesOf(pixels, two(3)))).toEqual([1, 0.2, 0, 0.2, 0, 0.2]);
  expect(rounded(valuesOf(pixels, two(1)))).toEqual([0.299, 0.2]);
  expect(rounded(valuesOf(pixels, two(4)))).toEqual([1, 1, 0, 1, 0, 1, 1, 0.2]);
});

test('the negative', () => {
  expect(rounded(valuesOf(pixels, two(3), { negative: true }))).toEqual([0, 0.8, 1, 0.8, 1, 0.8]);
});

test('a model that is too large, or gone, is refused in one line', async () => {
  const file = (name: string, size: number, arrayBuffer: () => Promise<ArrayBuffer>) =>
    ({ name, size, arrayBuffer }) as unknown as File;
  const unread = async () => Promise.reject(new Error('not found'));
  await expect(readModel(file('big.onnx', 2.1e9, unread), 1e9)).rejects.toThrow(
    'big.onnx: 2.1 GB are too large for a page, which can take 1.0 GB; use the command line',
  );
  await expect(readModel(file('gone.onnx', 10, unread), 1e9)).rejects.toThrow(
    'gone.onnx: could not be read; choose it again',
  );
  const bytes = Uint8Array.of(1, 2);
  expect(
    await readModel(
      file('a.onnx', 2, async () => bytes.buffer),
      1e9,
    ),
  ).toEqual({
    name: 'a.onnx',
    bytes,
  });
});
