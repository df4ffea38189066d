import { apply, checkFloat, fail, type Op, type Tensor } from '../tensor.ts';
import { blockedNode, fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { mul } from './mul.ts';
import { upsampleNearest } from './upsample-nearest.ts';

const op: Op<{ readonly size: number }> = {
  name: 'avgPool',
  infer: ([x], { size }) => {
    checkFloat('avgPool', [x!]);
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    if (x!.shape.length !== 4 || height % size !== 0 || width % size !== 0) {
      fail('avgPool', `takes [N, C, H, W] with H and W divisible by ${size}`, [x!]);
    }
    return { shape: [batch, channels, height / size, width / size], dtype: x!.dtype };
  },
  gradient: ({ attributes: { size } }, cotangent) => [
    mul(upsampleNearest(cotangent, size), 1 / (size * size)),
  ],
  lower: (emitter, [x], { output, attributes: { size } }) => {
    const attributes = { kernel_shape: [size, size], strides: [size, size] };
    if (!hasBlocks(emitter, output.shape) || !isBlocked(emitter, x!)) {
      return emitter.node('AveragePool', [x!], { attributes });
    }
    const pooled = blockedNode(emitter, 'AveragePool', [toBlocks(emitter, x!)], attributes);
    return fromBlocks(emitter, pooled, output.shape[1]!);
  },
};

/** Means over size × size tiles: [N, C, H, W] → [N, C, H/size, W/size]. */
export function avgPool(x: Tensor, size = 2): Tensor {
  if (!Number.isInteger(size) || size < 1) fail('avgPool', `size ${size} is not ≥ 1`, [x]);
  return size === 1 ? x : apply(op, [x], { size });
}
