import { expect, test } from 'vitest';
import { decodeNpy } from '../../../src/data/npy-decode.ts';
import { enlargement, filmstripOf, npyOf, rgbaOf, scenesOf } from './saves.ts';

const shape = { channels: 1, height: 2, width: 3 };
/** Three chains at two times: chain c at time t is grey (c + 3 t) / 5. */
const times = [0, 1].map((t) =>
  Float32Array.from({ length: 18 }, (_, i) => (Math.floor(i / 6) + 3 * t) / 5),
);

test('a filmstrip has a row for each chain, or for one, and a column for each time', () => {
  const scale = enlargement(shape, false);
  const all = filmstripOf({ times, shape });
  expect([all.width, all.height]).toEqual([scale * (2 * 4 + 1), scale * (3 * 3 + 1)]);
  const one = filmstripOf({ times, shape, chain: 2 });
  const large = enlargement(shape, true);
  expect([one.width, one.height]).toEqual([large * 9, large * 4]);
  expect(one.data[Math.round(large * 1.5) * one.width + large * 2]).toBe(Math.round((2 / 5) * 255));
  expect(one.data[Math.round(large * 1.5) * one.width + large * 6]).toBe(255);
});

test('a scene for each time', () => {
  const scenes = scenesOf({ times, shape, chain: 1 });
  const scale = enlargement(shape, true);
  expect(scenes.map(({ width, height }) => [width, height])).toEqual(
    times.map(() => [3 * scale, 2 * scale]),
  );
  expect(scenes.map(({ data }) => new Set(data))).toEqual([new Set([51]), new Set([204])]);
  expect(scenesOf({ times, shape })[0]!.width).toBe(enlargement(shape, false) * (2 * 4 + 1));
});

test('rasters as four bytes, in fewer colours', () => {
  const grey = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 200) };
  expect([...rgbaOf(grey)]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
  const colour = { width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 130, 254) };
  expect([...rgbaOf(colour, 3)]).toEqual([0, 128, 255, 255]);
});

test('samples as NPY', async () => {
  const bytes = new Uint8Array(await npyOf(times[1]!, shape).arrayBuffer());
  const { shape: written, data } = decodeNpy(bytes, 'samples.npy');
  expect(written).toEqual([3, 1, 2, 3]);
  expect(data).toEqual(times[1]);
});
