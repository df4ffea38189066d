/** Small images side by side, in black ink on white paper. */

export interface Tiles {
  /** Pixels of all of them, 0 to 1, `[count, height, width]`. */
  readonly values: ArrayLike<number>;
  /** Height and width of one. */
  readonly side: number;
  readonly columns: number;
}

/** Rows of a grid. */
export const rowsOf = ({ values, side, columns }: Tiles): number =>
  Math.ceil(values.length / side ** 2 / columns);

/**
 * Pixels of a grid of images with a margin of one pixel between them, four bytes each; the margin
 * is clear.
 */
export function tilePixels(tiles: Tiles): {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
} {
  const { values, side, columns } = tiles;
  const [width, height] = [columns * (side + 1) - 1, rowsOf(tiles) * (side + 1) - 1];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < values.length; i++) {
    const image = Math.floor(i / side ** 2);
    const [row, column] = [Math.floor(i / side) % side, i % side];
    const x = (image % columns) * (side + 1) + column;
    const y = Math.floor(image / columns) * (side + 1) + row;
    const at = 4 * (y * width + x);
    // What is below 0 or above 255 is clamped by the array.
    data.fill(255 * (1 - values[i]!), at, at + 3);
    data[at + 3] = 255;
  }
  return { width, height, data };
}
