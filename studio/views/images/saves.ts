/**
 * What can be saved of a wall. The raster's functions and the GIF encoder are loaded when they are
 * needed.
 */
import { encodeNpy } from '../../../src/data/npy-encode.ts';
import { filmstrips, type Raster, tileImages } from '../../../src/sample/pictures.ts';
import { type Kept, knownValues } from './kept.ts';
import { sizeOf } from './pixels.ts';
import { dimensionsOf, type ImageShape } from './shape.ts';

/** Jumps to save: `[chains, c, h, w]` for each time. */
export interface Film {
  readonly times: readonly Float32Array[];
  readonly shape: ImageShape;
  /** The only chain to save; all where it is absent. */
  readonly chain?: number | undefined;
}

/** Milliseconds of one picture of a GIF. */
export const DELAY = 120;

/** The library's pictures have channels. */
const dimensions = ({ channels, height, width }: ImageShape) => [channels, height, width];

/**
 * Factor by which saved pictures are enlarged: about 100 pixels for one chain, 64 for one of many.
 */
export const enlargement = ({ width }: ImageShape, alone: boolean): number =>
  Math.max(1, Math.round((alone ? 112 : 64) / width));

/** Time from left to right; a row for each chain. */
export const filmstripOf = ({ times, shape, chain }: Film): Raster =>
  filmstrips(times, dimensions(shape), {
    scale: enlargement(shape, chain !== undefined),
    padding: 1,
    ...(chain !== undefined && { chains: [chain] }),
  });

/** One raster for each time: the chain, or all of them as a wall. */
export function scenesOf({ times, shape, chain }: Film): Raster[] {
  const size = sizeOf(shape);
  const scale = enlargement(shape, chain !== undefined);
  return times.map((all) =>
    chain === undefined
      ? tileImages(all, dimensions(shape), { scale, padding: 1 })
      : tileImages(all.subarray(chain * size, (chain + 1) * size), dimensions(shape), {
          scale,
          padding: 0,
        }),
  );
}

/** A raster with four bytes a pixel. `levels`: colours are rounded to so many of each channel. */
export function rgbaOf(
  { width, height, channels, data }: Raster,
  levels = 256,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  const step = 255 / (levels - 1);
  for (let i = 0; i < width * height; i++) {
    for (let k = 0; k < Math.max(3, channels); k++) {
      const value = data[channels * i + (channels === 1 ? 0 : k)]!;
      rgba[4 * i + k] = Math.round(value / step) * step;
    }
  }
  return rgba;
}

/** A filmstrip as a PNG file. */
export async function pngOf(raster: Raster): Promise<Blob> {
  const canvas = new OffscreenCanvas(raster.width, raster.height);
  const pixels = new ImageData(rgbaOf(raster), raster.width, raster.height);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** A moving picture that repeats, as a GIF file; made in a worker. */
export async function gifOf(scenes: readonly Raster[]): Promise<Blob> {
  const [{ encode }, { default: workerUrl }] = await Promise.all([
    import('modern-gif'),
    import('modern-gif/worker?url'),
  ]);
  const { width, height, channels } = scenes[0]!;
  // The choice of 255 colours takes a time that grows with those that there are; greys are 256 at
  // most.
  const levels = channels === 1 ? 256 : 32;
  return encode({
    width,
    height,
    workerUrl,
    format: 'blob',
    maxColors: 255,
    looped: true,
    loopCount: 0,
    frames: scenes.map((scene) => ({ data: rgbaOf(scene, levels), delay: DELAY })),
  });
}

/** What is kept of a picture as an NPY file for `mdensity sample --known`: NaN where it is open. */
export const knownNpyOf = (kept: Kept): Blob =>
  new Blob([encodeNpy(knownValues(kept), dimensionsOf(kept.shape))]);

/** Pictures `[chains, c, h, w]` as an NPY file of the same values. */
export const npyOf = (pictures: Float32Array, shape: ImageShape): Blob =>
  new Blob([encodeNpy(pictures, [pictures.length / sizeOf(shape), ...dimensionsOf(shape)])]);
