import { constant, matMul, type Tensor } from '../../graph/index.ts';

/**
 * Resizes images [N, C, H, W] → [N, C, height, width], bilinear, without smoothing where they get
 * smaller: what PyTorch's `interpolate` does with `mode='bilinear', align_corners=False`. Rows and
 * columns are weighed by a matrix each.
 */
export function resizeBilinear(x: Tensor, height: number, width: number): Tensor {
  const [rows, columns] = x.shape.slice(2) as [number, number];
  const wide = columns === width ? x : matMul(x, weights(columns, width), { transposeB: true });
  return rows === height ? wide : matMul(weights(rows, height), wide);
}

/** Weights [to, from] of the pixels that each new one lies between; pixel i is at i + 1/2. */
function weights(from: number, to: number): Tensor {
  const values = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const first = Math.min(Math.floor(place), from - 1);
    const second = Math.min(first + 1, from - 1);
    const share = place - first;
    values[i * from + first]! += 1 - share;
    values[i * from + second]! += share;
  }
  return constant(values, [to, from]);
}
