/** Pictures as pixels. */
import type { ImageShape } from './shape.ts';

/** Values that are shown as black and white. */
export interface Tones {
  readonly black: number;
  readonly white: number;
}

export const plain: Tones = { black: 0, white: 1 };

/** Tones that leave room for noise of deviation σ around pictures of [0, 1]. */
export const tonesOf = (sigma: number | undefined): Tones =>
  sigma === undefined ? plain : { black: -2 * sigma, white: 1 + 2 * sigma };

/**
 * Tones of counts y of a rate λ: black is none, white what a picture's white gives, with room for
 * two deviations of its counts. As tones counts are y/λ.
 */
export const tonesOfCounts = (rate: number, background: number): Tones => {
  const most = rate * (1 + background);
  return { black: 0, white: most + 2 * Math.sqrt(most) };
};

/** Numbers in one picture. */
export const sizeOf = ({ channels, height, width }: ImageShape): number =>
  channels * height * width;

/** One of several pictures `[n, c, h, w]`. */
export const pictureOf = (pictures: Float32Array, index: number, shape: ImageShape): Float32Array =>
  pictures.subarray(index * sizeOf(shape), (index + 1) * sizeOf(shape));

/** Writes a picture `[c, h, w]` of 1, 3 or 4 channels as RGBA, four bytes a pixel. */
export function paintPicture(
  picture: ArrayLike<number>,
  { channels, height, width }: ImageShape,
  into: Uint8ClampedArray,
  { black, white }: Tones = plain,
): void {
  const plane = height * width;
  const scale = 255 / (white - black);
  for (let i = 0; i < plane; i++) {
    into[4 * i + 3] = 255;
    for (let k = 0; k < Math.max(3, channels); k++) {
      const channel = channels === 1 ? 0 : k;
      into[4 * i + k] = (picture[channel * plane + i]! - black) * scale;
    }
  }
}
