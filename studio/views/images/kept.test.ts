import { expect, test } from 'vitest';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import {
  brushed,
  canBeWalked,
  countKept,
  type Kept,
  maskOf,
  paintKept,
  partOf,
  upperHalf,
} from './kept.ts';
import { knownNpyOf } from './saves.ts';

const shape = { channels: 3, height: 4, width: 5 };
const rows = (mask: Uint8Array, width = shape.width) =>
  Array.from({ length: mask.length / width }, (_, i) =>
    [...mask.subarray(i * width, (i + 1) * width)].join(''),
  );
const kept: Kept = {
  shape,
  picture: Float32Array.from({ length: 60 }, (_, i) => i / 60),
  mask: maskOf({ rows: [1, 2], columns: [3, 4] }, shape),
};

test('a rectangle keeps its rows and columns, whichever end comes first', () => {
  expect(rows(kept.mask)).toEqual(['00000', '00011', '00011', '00000']);
  expect(maskOf({ rows: [2, 1], columns: [4, 3] }, shape)).toEqual(kept.mask);
  expect(rows(maskOf(upperHalf(shape), shape))).toEqual(['11111', '11111', '00000', '00000']);
  expect(rows(maskOf(upperHalf({ ...shape, height: 1 }), { ...shape, height: 1 }))).toEqual([
    '11111',
  ]);
});

test('a stroke keeps or opens what its brush touches, and leaves the mask before as it was', () => {
  const none = new Uint8Array(20);
  const stroke = { from: [0.5, 1.5], to: [4.5, 1.5], size: 1, keeps: true } as const;
  const line = brushed(none, shape, stroke);
  expect(rows(line)).toEqual(['00000', '11111', '00000', '00000']);
  expect(none.every((one) => one === 0)).toBe(true);
  const dot = { from: [2.5, 1.5], to: [2.5, 1.5], size: 3, keeps: false } as const;
  expect(rows(brushed(line.fill(1), shape, dot))).toEqual(['10001', '10001', '10001', '11111']);
  // Wherever in a pixel a fine brush is, it touches that pixel.
  const corner = { from: [3.95, 2.05], to: [3.95, 2.05], size: 1, keeps: true } as const;
  expect(brushed(none, shape, corner)[2 * 5 + 3]).toBe(1);
  const outside = { from: [-9, -9], to: [-5, -9], size: 3, keeps: true } as const;
  expect(brushed(none, shape, outside)).toEqual(none);
});

test('every channel of a kept pixel is known, and only those', () => {
  const part = partOf(kept, 0.3);
  expect(part.mask).toHaveLength(60);
  for (const k of [0, 1, 2]) {
    expect(part.mask.subarray(20 * k, 20 * k + 20)).toEqual(kept.mask);
  }
  expect(part).toMatchObject({ values: kept.picture, noise: 0.3 });
  expect(countKept(kept)).toEqual([4, 20]);
  expect(canBeWalked(kept)).toBe(true);
  for (const value of [0, 1]) {
    expect(canBeWalked({ ...kept, mask: new Uint8Array(20).fill(value) })).toBe(false);
  }
});

test('the file for the command has NaN where the picture is open', async () => {
  const bytes = new Uint8Array(await knownNpyOf(kept).arrayBuffer());
  const { shape: dimensions, data } = decodeNpy(bytes, 'known.npy');
  expect(dimensions).toEqual([3, 4, 5]);
  for (const [i, x] of (data as Float32Array).entries()) {
    expect(x).toEqual(kept.mask[i % 20] ? kept.picture[i] : Number.NaN);
  }
});

test('open pixels show a pattern, kept ones the picture', () => {
  const pixels = new Uint8ClampedArray(80);
  paintKept(kept, pixels);
  const at = (i: number) => [...pixels.subarray(4 * i, 4 * i + 4)];
  expect(at(0)).toEqual([112, 112, 112, 255]);
  expect(at(1)).toEqual([144, 144, 144, 255]);
  expect(at(5)).toEqual([144, 144, 144, 255]);
  expect(at(8)).toEqual([...[8, 28, 48].map((i) => Math.round((255 * i) / 60)), 255]);
});
