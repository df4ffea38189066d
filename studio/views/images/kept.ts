/** A picture of which the reader keeps a part. */
import type { KeptPart } from '../../engine/protocol.ts';
import { paintPicture, plain } from './pixels.ts';
import type { ImageShape } from './shape.ts';

export interface Kept {
  readonly shape: ImageShape;
  /** `[c, h, w]`. */
  readonly picture: Float32Array;
  /** `[h, w]`: 1 where the picture is kept. */
  readonly mask: Uint8Array;
}

/** A part of rows and columns, counted from 0, both ends included. */
export interface Rectangle {
  readonly rows: readonly [first: number, last: number];
  readonly columns: readonly [first: number, last: number];
}

/** The upper half, which is kept until the reader draws. */
export const upperHalf = ({ height, width }: ImageShape): Rectangle => ({
  rows: [0, Math.max(0, Math.ceil(height / 2) - 1)],
  columns: [0, width - 1],
});

/** The mask of a rectangle, whichever end is given first. */
export function maskOf({ rows, columns }: Rectangle, { height, width }: ImageShape): Uint8Array {
  const within = (i: number, [a, b]: readonly [number, number]) =>
    i >= Math.min(a, b) && i <= Math.max(a, b);
  return Uint8Array.from({ length: height * width }, (_, i) =>
    within(Math.floor(i / width), rows) && within(i % width, columns) ? 1 : 0,
  );
}

/** A place in a picture, in its pixels; the middle of the first is (½, ½). */
export type Place = readonly [x: number, y: number];

/** A mask after a brush of so many pixels across went from one place to another. */
export function brushed(
  mask: Uint8Array,
  { width }: ImageShape,
  stroke: {
    readonly from: Place;
    readonly to: Place;
    readonly size: number;
    /** Whether what it touches is kept from then on. */
    readonly keeps: boolean;
  },
): Uint8Array {
  const { from, to, size, keeps } = stroke;
  const drawn = mask.slice();
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  // The pixel under a fine brush is touched wherever in it the brush is.
  const reach = Math.max(size / 2, Math.SQRT1_2);
  for (let i = 0; i < drawn.length; i++) {
    const [x, y] = [(i % width) + 0.5 - from[0], Math.floor(i / width) + 0.5 - from[1]];
    const along = square === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / square));
    if (Math.hypot(x - along * dx, y - along * dy) <= reach) drawn[i] = keeps ? 1 : 0;
  }
  return drawn;
}

/** Kept pixels, and all of them. */
export const countKept = ({ mask }: Kept): readonly [kept: number, all: number] => [
  mask.reduce((sum, one) => sum + one, 0),
  mask.length,
];

/** Whether something is kept and something open: then there is something to walk. */
export function canBeWalked(kept: Kept): boolean {
  const [count, all] = countKept(kept);
  return count > 0 && count < all;
}

/** What the engine is told of it: every channel of a kept pixel is known. */
export function partOf({ picture, mask }: Kept, noise?: number): KeptPart {
  return {
    mask: Uint8Array.from(picture, (_, i) => mask[i % mask.length]!),
    values: picture,
    noise,
  };
}

/** The values of an NPY file that `mdensity sample --known` reads: NaN where the picture is open. */
export const knownValues = ({ picture, mask }: Kept): Float32Array<ArrayBuffer> =>
  Float32Array.from(picture, (x, i) => (mask[i % mask.length] ? x : Number.NaN));

/** Greys of the pattern that open pixels show, of bytes. */
const PATTERN = [112, 144] as const;

/** Writes the picture as RGBA, four bytes a pixel, with a pattern where it is open. */
export function paintKept({ picture, mask, shape }: Kept, into: Uint8ClampedArray): void {
  paintPicture(picture, shape, into, plain);
  for (const [i, known] of mask.entries()) {
    if (known) continue;
    const grey = PATTERN[((i % shape.width) + Math.floor(i / shape.width)) % 2]!;
    into.fill(grey, 4 * i, 4 * i + 3);
  }
}
