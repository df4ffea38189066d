/** Pictures of jumps, as every command draws them. */
import { sizeOf } from '../data/shape.ts';
import { filmstrips, type Raster, tileImages } from './pictures.ts';

/** Chooses how much larger images are drawn: small ones more. */
export const scaleOf = (shape: readonly number[]) => Math.max(1, Math.floor(56 / shape.at(-1)!));

/**
 * Draws all of `images` `[n, ...shape]` in a grid.
 *
 * @throws UserError for a shape that is none of images.
 */
export function gridPicture(images: Float32Array, shape: readonly number[]): Raster {
  return tileImages(images, shape, { scale: scaleOf(shape) });
}

const STRIP = { chains: 8, frames: 24 } as const;

/**
 * Draws a row for each of the first 8 chains, at most 24 evenly spaced `frames`, each
 * `[chains, ...shape]`, to the right.
 */
export function stripsPicture(frames: readonly Float32Array[], shape: readonly number[]): Raster {
  const size = sizeOf(shape);
  const chains = Math.min(STRIP.chains, frames[0]!.length / size);
  const rows = Array.from({ length: chains }, (_, chain) => chain);
  const shown = evenlySpaced(frames, STRIP.frames);
  return filmstrips(shown, shape, { chains: rows, scale: scaleOf(shape) });
}

/** At most `count` of the items, the last of them included. */
function evenlySpaced<T>(items: readonly T[], count: number): T[] {
  const length = Math.min(count, items.length);
  return Array.from(
    { length },
    (_, i) => items[Math.floor(((i + 1) * items.length) / length) - 1]!,
  );
}
