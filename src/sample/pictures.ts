import { UserError } from '../errors.ts';

/** Pixels, row by row, channels together: `data[(y * width + x) * channels + channel]`. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green, blue, 4 with opacity. */
  readonly channels: number;
  readonly data: Uint8Array;
}

/** How images are laid out. */
export interface LayoutOptions {
  /** Pixels between images and around them, before scaling. Default 2. */
  readonly padding?: number;
  /** Whole factor by which every pixel is repeated. Default 1. */
  readonly scale?: number;
  /** Value of the padding, 0 (black) to 1 (white). Default 1. */
  readonly background?: number;
}

interface Cell {
  readonly images: Float32Array;
  readonly index: number;
}

/**
 * Tiles images into a grid, row by row.
 *
 * @param images `[n, c, h, w]`, values of [0, 1]; others are clamped, NaN is drawn as 0.
 * @param shape `[c, h, w]`, with c = 1, 3 or 4.
 * @param options `columns`: images in a row, by default the nearest to a square.
 * @throws UserError when the shape is not that of an image or an option is out of range.
 */
export function tileImages(
  images: Float32Array,
  shape: readonly number[],
  options: LayoutOptions & { readonly columns?: number } = {},
): Raster {
  const count = images.length / imageSize(shape);
  const columns = options.columns ?? Math.max(1, Math.ceil(Math.sqrt(count)));
  checkWhole('columns', columns, 1);
  const cells = Array.from({ length: count }, (_, index) => ({ images, index }));
  return layOut(cells, Math.min(columns, Math.max(1, count)), shape, options);
}

/**
 * Draws filmstrips of chains: a row for each chain, a column for each frame, time from left to
 * right.
 *
 * @param frames one `[chains, c, h, w]` array for each time, values as in `tileImages`.
 * @param shape `[c, h, w]`, with c = 1, 3 or 4.
 * @param options `chains`: which chains to show, in this order; by default all.
 *
 * @throws UserError when the shape is not that of an image or an option is out of range.
 */
export function filmstrips(
  frames: readonly Float32Array[],
  shape: readonly number[],
  options: LayoutOptions & { readonly chains?: readonly number[] } = {},
): Raster {
  const chainCount = (frames[0]?.length ?? 0) / imageSize(shape);
  const shown = options.chains ?? Array.from({ length: chainCount }, (_, chain) => chain);
  for (const chain of shown) {
    if (Number.isInteger(chain) && chain >= 0 && chain < chainCount) continue;
    throw new UserError(
      `chains: there is no chain ${chain}; give numbers of 0 to ${chainCount - 1}`,
    );
  }
  const cells = shown.flatMap((index) => frames.map((images) => ({ images, index })));
  return layOut(cells, Math.max(1, frames.length), shape, options);
}

function layOut(
  cells: readonly Cell[],
  columns: number,
  shape: readonly number[],
  { padding = 2, scale = 1, background = 1 }: LayoutOptions,
): Raster {
  checkWhole('padding', padding, 0);
  checkWhole('scale', scale, 1);
  const [channels, height, width] = shape as readonly [number, number, number];
  const rows = Math.max(1, Math.ceil(cells.length / columns));
  const across = columns * (width + padding) + padding;
  const down = rows * (height + padding) + padding;
  const data = new Uint8Array(across * down * channels).fill(toByte(background));
  const raster: Raster = { width: across, height: down, channels, data };
  cells.forEach((cell, i) => {
    const left = padding + (i % columns) * (width + padding);
    const top = padding + Math.floor(i / columns) * (height + padding);
    paint(raster, cell, left, top, height, width);
  });
  return enlarge(raster, scale);
}

/** Copies one image, channel by channel, to where its corner belongs. */
function paint(
  { width: across, channels, data }: Raster,
  { images, index }: Cell,
  left: number,
  top: number,
  height: number,
  width: number,
): void {
  let from = index * channels * height * width;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      let to = ((top + y) * across + left) * channels + channel;
      for (let x = 0; x < width; x++) {
        data[to] = toByte(images[from++]!);
        to += channels;
      }
    }
  }
}

/** Nearest-neighbour enlargement by a whole factor. */
function enlarge(raster: Raster, scale: number): Raster {
  if (scale === 1) return raster;
  const { channels } = raster;
  const width = raster.width * scale;
  const height = raster.height * scale;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / scale) * raster.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.floor(x / scale)) * channels;
      const to = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) {
        data[to + channel] = raster.data[from + channel]!;
      }
    }
  }
  return { width, height, channels, data };
}

/** [0, 1] to 0..255, clamped; NaN becomes 0. */
function toByte(value: number): number {
  return value > 0 ? Math.round(255 * Math.min(value, 1)) : 0;
}

/** Tells whether examples can be drawn: [channels, height, width] with 1, 3 or 4 channels. */
export const isPictured = (shape: readonly number[]): boolean =>
  shape.length === 3 && [1, 3, 4].includes(shape[0]!);

function imageSize(shape: readonly number[]): number {
  const [channels, height, width] = shape;
  if (!isPictured(shape)) {
    throw new UserError(
      `shape: [${shape.join(', ')}] is not an image; pictures need [channels, height, width] with 1, 3 or 4 channels`,
    );
  }
  return channels! * height! * width!;
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UserError(
    `${name}: ${value} is out of range; give a whole number of at least ${least}`,
  );
}
