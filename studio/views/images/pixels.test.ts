import { expect, test } from 'vitest';
import { paintPicture, pictureOf, tonesOf, tonesOfCounts } from './pixels.ts';

const painted = (
  picture: readonly number[],
  channels: number,
  tones?: Parameters<typeof paintPicture>[3],
) => {
  const width = picture.length / channels;
  const into = new Uint8ClampedArray(4 * width);
  paintPicture(picture, { channels, height: 1, width }, into, tones);
  return [...into];
};

test('grey, colour and opacity become four bytes a pixel', () => {
  expect(painted([0, 1], 1)).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  expect(painted([1, 0, 0.2, 0.4, 0, 1], 3)).toEqual([255, 51, 0, 255, 0, 102, 255, 255]);
  expect(painted([1, 0.2, 0, 0.4], 4)).toEqual([255, 51, 0, 102]);
});

test('values beyond black and white are these', () => {
  expect(painted([-3, 7], 1)).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});

test('tones leave room for two deviations of noise', () => {
  expect(tonesOf(undefined)).toEqual({ black: 0, white: 1 });
  const grey = painted([-1, 0.5, 2], 1, tonesOf(0.5)).filter((_, i) => i % 4 === 0);
  expect(grey).toEqual([0, 128, 255]);
});

test('counts are tones of their rate, with room for two deviations above white', () => {
  // λ(1 + b) = 9, of deviation 3.
  expect(tonesOfCounts(6, 0.5)).toEqual({ black: 0, white: 15 });
  const grey = painted([0, 3, 15, 30], 1, tonesOfCounts(6, 0.5)).filter((_, i) => i % 4 === 0);
  expect(grey).toEqual([0, 51, 255, 255]);
});

test('a picture is one of several', () => {
  const all = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect([...pictureOf(all, 1, { channels: 1, height: 1, width: 2 })]).toEqual([3, 4]);
});
