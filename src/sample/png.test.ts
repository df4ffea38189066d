import sharp from 'sharp';
import { expect, test } from 'vitest';
import { encodePng } from './png.ts';

test.each([1, 3, 4])('pixels of %i channels survive a round trip', async (channels) => {
  const [width, height] = [3, 2];
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (37 * i + 1) % 256);
  const png = await encodePng({ width, height, channels, data });
  // Byte 25 of a PNG is its colour type: grey, RGB, RGBA.
  expect(png[25]).toBe({ 1: 0, 3: 2, 4: 6 }[channels]);
  const back = await sharp(png)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(back.info).toMatchObject({ width, height, channels });
  expect(new Uint8Array(back.data)).toEqual(data);
});
