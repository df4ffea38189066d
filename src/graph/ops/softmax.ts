import { resolveAxis } from '../shape.ts';
import { apply, checkFloat, type Op, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { sub } from './sub.ts';

const op: Op<{ readonly axis: number }> = {
  name: 'softmax',
  infer: ([x]) => {
    checkFloat('softmax', [x!]);
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient: ({ output, attributes: { axis } }, cotangent) => [
    mul(output, sub(cotangent, reduceSum(mul(cotangent, output), axis))),
  ],
  lower: (emitter, inputs, { attributes }) => emitter.node('Softmax', inputs, { attributes }),
};

/** Computes eˣ over its sum along `axis` (default: the last). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(op, [x], { axis: resolveAxis('softmax', x, axis) });
}
