import {
  avgPool,
  constant,
  conv2d,
  fail,
  reshape,
  type Tensor,
  transpose,
  upsampleNearest,
} from '../graph/index.ts';

/** Halves the resolution: 2×2 means. */
export const halve = (x: Tensor) => avgPool(x, 2);

/** Doubles the resolution: each pixel repeated 2×2. */
export const repeat = (x: Tensor) => upsampleNearest(x, 2);

/** [1, 2, 1] along both axes, of sum 1. */
const BINOMIAL = [1, 2, 1].flatMap((row) => [1, 2, 1].map((column) => (row * column) / 16));

/**
 * Smooths each channel by [1, 2, 1]/4 along both axes. Before `halve` and behind `repeat` it makes
 * of their two taps [1, 3, 3, 1], the filter of Karras et al. 2020.
 *
 * @param padding zeros seen on each side; default 1, which keeps the size.
 */
export function smooth(x: Tensor, padding = 1): Tensor {
  const [batch, channels, ...sizes] = x.shape as readonly [number, number, number, number];
  const planes = reshape(x, [batch * channels, 1, ...sizes]);
  const made = conv2d(planes, constant(BINOMIAL, [1, 1, 3, 3]), { padding });
  return reshape(made, [batch, channels, ...made.shape.slice(2)]);
}

/** How images become half as high and wide, or twice. */
export interface Resample {
  /** Weights along an axis: [1, 1] (default), or [1, 3, 3, 1], `binomial`. */
  readonly filter?: 'box' | 'binomial' | undefined;
}

/** Changes the resolution by a filter. */
export function resize(x: Tensor, way: 'down' | 'up', { filter = 'box' }: Resample = {}): Tensor {
  if (filter === 'box') return way === 'down' ? halve(x) : repeat(x);
  return way === 'down' ? halve(smooth(x)) : smooth(repeat(x));
}

/**
 * Moves each patch × patch tile of pixels into channels: [N, C, H, W] → [N, C·patch², H/patch,
 * W/patch].
 */
export function spaceToDepth(x: Tensor, patch: number): Tensor {
  if (patch === 1) return x;
  const [batch, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (height % patch !== 0 || width % patch !== 0) {
    fail('spaceToDepth', `height and width must divide by ${patch}`, [x]);
  }
  const tiles = reshape(x, [batch, channels, height / patch, patch, width / patch, patch]);
  const moved = transpose(tiles, [0, 1, 3, 5, 2, 4]);
  return reshape(moved, [batch, channels * patch * patch, height / patch, width / patch]);
}

/** Inverts `spaceToDepth`. */
export function depthToSpace(x: Tensor, patch: number): Tensor {
  if (patch === 1) return x;
  const [batch, deep, height, width] = x.shape as readonly [number, number, number, number];
  const channels = deep / (patch * patch);
  if (!Number.isInteger(channels)) {
    fail('depthToSpace', `channels must divide by ${patch * patch}`, [x]);
  }
  const tiles = reshape(x, [batch, channels, patch, patch, height, width]);
  const moved = transpose(tiles, [0, 1, 4, 2, 5, 3]);
  return reshape(moved, [batch, channels, height * patch, width * patch]);
}
