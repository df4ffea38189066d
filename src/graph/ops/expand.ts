import { broadcast, sameShape } from '../shape.ts';
import { apply, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './sum-to.ts';

const op: Op<{ readonly shape: Shape }> = {
  name: 'expand',
  infer: ([x], { shape }) => {
    const target = { ...x!, name: 'target', shape };
    if (!sameShape(broadcast('expand', [x!, target]), shape)) {
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
