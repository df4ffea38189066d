import { avgPool, fail, reshape, type Tensor, transpose, upsampleNearest } from '../graph/index.ts';

/** Half the resolution: 2×2 means. */
export const halve = (x: Tensor) => avgPool(x, 2);

/** Twice the resolution: each pixel repeated 2×2. */
export const repeat = (x: Tensor) => upsampleNearest(x, 2);

/** Moves each patch × patch tile of pixels into channels: [N, C, H, W] → [N, C·patch², H/patch, W/patch]. */
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

/** The inverse of `spaceToDepth`. */
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
