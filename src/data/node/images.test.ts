import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import { imageFolderExamples } from './images.ts';
import { loadDataset } from './load.ts';

const folder = temporaryFolder();

interface Picture {
  readonly pixels: readonly number[];
  readonly width: number;
  readonly channels: 1 | 2 | 3 | 4;
}

async function draw({ pixels, width, channels }: Picture, ...parts: string[]): Promise<string> {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  const height = pixels.length / channels / width;
  let image = sharp(Uint8Array.from(pixels), { raw: { width, height, channels } });
  if (channels <= 2) image = image.toColourspace('b-w');
  if (path.endsWith('.webp')) image = image.webp({ lossless: true });
  await image.toFile(path);
  return path;
}

function grey(...pixels: number[]): Picture {
  return { pixels, width: 2, channels: 1 };
}

const rgb: Picture = { pixels: [1, 2, 3, 10, 20, 30], width: 2, channels: 3 };

test('a flat folder gives images in order of their names, without labels', async () => {
  await draw(grey(5, 6), 'flat', 'b.png');
  await draw(grey(1, 2), 'flat', 'B.png');
  await draw(grey(3, 4), 'flat', 'a10.png');
  put('not an image', folder, 'flat', 'notes.txt');
  put('hidden', folder, 'flat', '._a.png');
  expect(whole(await imageFolderExamples(join(folder, 'flat')))).toEqual({
    count: 3,
    shape: [1, 1, 2],
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
});

test('subfolders are classes, channels come first', async () => {
  await draw(rgb, 'classes', 'dog', 'deep', '1.png');
  await draw({ ...rgb, pixels: [9, 8, 7, 6, 5, 4] }, 'classes', 'cat', '2.webp');
  mkdirSync(join(folder, 'classes', 'empty'));
  expect(whole(await imageFolderExamples(join(folder, 'classes')))).toEqual({
    count: 2,
    shape: [3, 1, 2],
    data: Uint8Array.of(9, 6, 8, 5, 7, 4, 1, 10, 2, 20, 3, 30),
    labels: Uint8Array.of(0, 1),
    classes: ['cat', 'dog'],
  });
});

test('subfolders train and test are parts', async () => {
  await draw(grey(1, 1), 'parts', 'train', '3', 'a.png');
  await draw(grey(2, 2), 'parts', 'test', '3', 'a.png');
  const train = whole(await imageFolderExamples(join(folder, 'parts')));
  const held = whole(await imageFolderExamples(join(folder, 'parts'), { split: 'test' }));
  expect([train.data[0], held.data[0], held.classes]).toEqual([1, 2, ['3']]);
  await expect(imageFolderExamples(join(folder, 'flat'), { split: 'test' })).rejects.toThrow(
    /no test split/,
  );
});

test('progress is told in images', async () => {
  for (let i = 0; i < 9; i++) await draw(grey(i, i), 'told', 'class', `${i}.png`);
  const told: unknown[] = [];
  await imageFolderExamples(join(folder, 'told'), {
    onProgress: (progress) => told.push(progress),
  });
  expect(told).toEqual(
    [8, 9].map((done) => ({ label: 'reading images', done, of: 9, unit: 'images' })),
  );
});

test('reading can be stopped: no more is read after the signal', async () => {
  for (let i = 0; i < 30; i++) await draw(grey(i, i), 'stopped', 'class', `${i}.png`);
  const stop = new AbortController();
  const told: number[] = [];
  const onProgress = ({ done }: { readonly done: number }) => {
    told.push(done);
    stop.abort(new Error('enough'));
  };
  const work = { signal: stop.signal, onProgress };
  await expect(loadDataset(join(folder, 'stopped'), work)).rejects.toThrow('enough');
  expect(told).toEqual([8]);
});

test('JPEG is read, and near to what was drawn', async () => {
  const path = join(folder, 'jpeg', 'a.jpg');
  await draw({ pixels: Array(3 * 64).fill(100), width: 8, channels: 3 }, 'jpeg', 'a.jpg');
  const { shape, data } = whole(await imageFolderExamples(dirname(path)));
  expect(shape).toEqual([3, 8, 8]);
  for (const value of data) expect(Math.abs(value - 100)).toBeLessThanOrEqual(2);
});

test('channels: colour to grey and grey to colour', async () => {
  await draw({ pixels: [50, 50, 50, 200, 200, 200], width: 2, channels: 3 }, 'tint', 'a.png');
  await draw(grey(30, 40), 'tint', 'b.png');
  const path = join(folder, 'tint');
  await expect(imageFolderExamples(path)).rejects.toThrow(
    /b\.png: is grey but .*a\.png is colour; choose channels: 1 or channels: 3/,
  );
  const one = whole(await imageFolderExamples(path, { channels: 1 }));
  expect([one.shape, [...one.data]]).toEqual([
    [1, 1, 2],
    [50, 200, 30, 40],
  ]);
  const three = whole(await imageFolderExamples(path, { channels: 3 }));
  expect(three.shape).toEqual([3, 1, 2]);
  expect([...three.data]).toEqual([50, 200, 50, 200, 50, 200, 30, 40, 30, 40, 30, 40]);
});

test('transparency is laid on black', async () => {
  const pixels = [200, 100, 50, 255, 200, 100, 50, 0];
  await draw({ pixels, width: 2, channels: 4 }, 'alpha', 'a.png');
  const { shape, data } = whole(await imageFolderExamples(join(folder, 'alpha')));
  expect([shape, [...data]]).toEqual([
    [3, 1, 2],
    [200, 0, 100, 0, 50, 0],
  ]);
});

test('16-bit grey becomes 8-bit', async () => {
  const path = join(folder, 'deep', 'a.png');
  mkdirSync(dirname(path));
  const raw = { width: 2, height: 1, channels: 1 } as const;
  await sharp(Uint16Array.of(0, 65535), { raw }).toColourspace('grey16').png().toFile(path);
  const { shape, data } = whole(await imageFolderExamples(dirname(path)));
  expect([shape, [...data]]).toEqual([
    [1, 1, 2],
    [0, 255],
  ]);
});

test('the first image of another size is named, and size makes them one', async () => {
  for (let i = 0; i < 30; i++) await draw(grey(i, i, i, i), 'mixed', `${100 + i}.png`);
  await draw(grey(1, 2), 'mixed', '117.png');
  await draw({ pixels: [1, 2, 3], width: 3, channels: 1 }, 'mixed', '121.png');
  const path = join(folder, 'mixed');
  await expect(imageFolderExamples(path)).rejects.toThrow(
    /117\.png: is 2×1 but .*100\.png is 2×2; resize all with size: 2\.$/,
  );
  expect((await imageFolderExamples(path, { size: 4 })).shape).toEqual([1, 4, 4]);
  await expect(imageFolderExamples(path, { size: 0.5 })).rejects.toThrow(/size 0\.5: give a whole/);
});

test('an unreadable image is named', async () => {
  const path = await draw(grey(...Array(400).fill(9)), 'broken', 'a.png');
  await draw(grey(...Array(400).fill(9)), 'broken', 'c.png');
  put('this is no image', folder, 'broken', 'b.png');
  const read = imageFolderExamples(dirname(path));
  await expect(read).rejects.toThrow(UserError);
  await expect(read).rejects.toThrow(
    /b\.png: can not be read as an image \([^\n]*\); replace or remove/,
  );
});

test('an image cut short is named', async () => {
  const noise = Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 7919) % 256);
  const bytes = await sharp(Uint8Array.from(noise), { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  put(bytes.subarray(0, bytes.length / 2), folder, 'cut', 'a.png');
  await expect(imageFolderExamples(join(folder, 'cut'))).rejects.toThrow(
    /cut.a\.png: can not be read/,
  );
});

test('folders without images, with both kinds, and missing ones are one line each', async () => {
  put('x', folder, 'none', 'a.txt');
  await expect(imageFolderExamples(join(folder, 'none'))).rejects.toThrow(
    /none: holds no PNG, JPEG or WebP image/,
  );
  await draw(grey(1, 2), 'both', 'a.png');
  await draw(grey(1, 2), 'both', 'class', 'a.png');
  await expect(imageFolderExamples(join(folder, 'both'))).rejects.toThrow(/both beside and inside/);
  await expect(imageFolderExamples(join(folder, 'absent'))).rejects.toThrow(/no such file/);
});
