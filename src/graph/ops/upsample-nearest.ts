import { apply, checkFloat, fail, type Op, type Tensor } from '../tensor.ts';
import { avgPool } from './avg-pool.ts';
import { blockedNode, fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { mul } from './mul.ts';

const op: Op<{ readonly factor: number }> = {
  name: 'upsampleNearest',
  infer: ([x], { factor }) => {
    checkFloat('upsampleNearest', [x!]);
    if (x!.shape.length !== 4) fail('upsampleNearest', 'takes [N, C, H, W]', [x!]);
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    return { shape: [batch, channels, height * factor, width * factor], dtype: x!.dtype };
  },
  gradient: ({ attributes: { factor } }, cotangent) => [
    mul(avgPool(cotangent, factor), factor * factor),
  ],
  lower: (emitter, [x], { output, attributes: { factor } }) => {
    if (hasBlocks(emitter, output.shape) && isBlocked(emitter, x!)) {
      const attributes = { scales: [1, 1, factor, factor] };
      const repeated = blockedNode(emitter, 'Upsample', [toBlocks(emitter, x!)], attributes);
      return fromBlocks(emitter, repeated, output.shape[1]!);
    }
    return emitter.node(
      'Resize',
      [x!, '', emitter.constant(Float32Array.of(1, 1, factor, factor), [4])],
      {
        attributes: {
          mode: 'nearest',
          nearest_mode: 'floor',
          coordinate_transformation_mode: 'asymmetric',
        },
      },
    );
  },
};

/** Repeats each pixel factor × factor times: [N, C, H, W] → [N, C, H·factor, W·factor]. */
export function upsampleNearest(x: Tensor, factor = 2): Tensor {
  if (!Number.isInteger(factor) || factor < 1)
    fail('upsampleNearest', `factor ${factor} is not ≥ 1`, [x]);
  return factor === 1 ? x : apply(op, [x], { factor });
}
