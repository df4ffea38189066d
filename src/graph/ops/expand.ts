import { broadcastShapes, sameShape } from '../shape.ts';
import { apply, checkShape, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './sum-to.ts';

const op: Op<{ readonly shape: Shape }> = {
  name: 'expand',
  infer: ([x], { shape }) => {
    checkShape('expand', shape);
    const result = broadcastShapes([x!.shape, shape]);
    if (!result || !sameShape(result, shape)) {
      fail('expand', `does not broadcast to [${shape.join(', ')}]`, [x!]);
    }
    return { shape, dtype: x!.dtype };
  },
  gradient: ({ inputs }, cotangent) => [sumTo(cotangent, inputs[0]!.shape)],
  lower: (emitter, [x], { attributes }) =>
    emitter.node('Expand', [x!, emitter.ints(attributes.shape)]),
};

/** Repeats x along axes of size 1 (and new leading axes) up to `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(op, [x], { shape });
}
