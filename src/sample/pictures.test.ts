import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { filmstrips, tileImages } from './pictures.ts';

describe('tileImages', () => {
  test('grey images row by row, padding around and between', () => {
    const { width, height, channels, data } = tileImages(
      Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1),
      [1, 1, 2],
      { columns: 2, padding: 1, background: 1 },
    );
    expect([width, height, channels]).toEqual([7, 5, 1]);
    const w = 255;
    expect([...data]).toEqual(
      [
        [w, w, w, w, w, w, w],
        [w, 0, 51, w, 102, 153, w],
        [w, w, w, w, w, w, w],
        [w, 204, 255, w, w, w, w],
        [w, w, w, w, w, w, w],
      ].flat(),
    );
  });

  test('channels move from planes to pixels; values are clamped', () => {
    const { data } = tileImages(Float32Array.of(-1, 0.5, 2, Number.NaN, 1, 0), [3, 1, 2], {
      padding: 0,
    });
    expect([...data]).toEqual([0, 255, 255, 128, 0, 0]);
  });

  test('scale repeats pixels', () => {
    const { width, height, data } = tileImages(Float32Array.of(0, 1), [1, 1, 2], {
      padding: 0,
      scale: 2,
    });
    expect([width, height]).toEqual([4, 2]);
    expect([...data]).toEqual([0, 0, 255, 255, 0, 0, 255, 255]);
  });

  test.each([
    [[2], {}, /^shape: \[2\] is not an image; /],
    [[2, 1, 1], {}, /^shape: \[2, 1, 1\] is not an image/],
    [[1, 1, 1], { columns: 0 }, /^columns: 0 is out of range/],
    [[1, 1, 1], { padding: -1 }, /^padding: -1 is out of range/],
    [[1, 1, 1], { scale: 0.5 }, /^scale: 0.5 is out of range/],
  ])('refuses shape %j with %j', (shape, options, message) => {
    const call = () => tileImages(new Float32Array(2), shape, options);
    expect(call).toThrow(UserError);
    expect(call).toThrow(message);
  });
});

describe('filmstrips', () => {
  const frames = [Float32Array.of(0, 0.2), Float32Array.of(0.4, 0.6), Float32Array.of(0.8, 1)];

  test('chains are rows, time runs along columns', () => {
    const { width, height, data } = filmstrips(frames, [1, 1, 1], { padding: 0 });
    expect([width, height]).toEqual([3, 2]);
    expect([...data]).toEqual([0, 102, 204, 51, 153, 255]);
  });

  test('chosen chains', () => {
    expect([...filmstrips(frames, [1, 1, 1], { padding: 0, chains: [1] }).data]).toEqual([
      51, 153, 255,
    ]);
    expect(() => filmstrips(frames, [1, 1, 1], { chains: [2] })).toThrow(
      /^chains: there is no chain 2; give numbers of 0 to 1$/,
    );
  });
});
