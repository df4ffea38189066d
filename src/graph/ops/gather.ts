import { resolveAxis } from '../shape.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { scatterAdd } from './scatter-add.ts';

const op: Op<{ readonly axis: number }> = {
  name: 'gather',
  infer: (inputs, { axis }) => {
    const [x, indices] = inputs as readonly [Tensor, Tensor];
    if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
      fail('gather', `indices must be int32 or int64, not ${indices.dtype}`, inputs);
    }
    if (indices.shape.length !== 1) fail('gather', 'indices must have one axis', inputs);
    return { shape: x.shape.with(axis, indices.shape[0]!), dtype: x.dtype };
  },
  gradient: ({ inputs, attributes: { axis } }, cotangent) => [
    scatterAdd(cotangent, inputs[1]!, inputs[0]!.shape[axis]!, axis),
    undefined,
  ],
  lower: (emitter, inputs, { attributes }) => emitter.node('Gather', inputs, { attributes }),
};

/** Takes rows of x along `axis` at `indices` [n], which may repeat. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  return apply(op, [x, indices], { axis: resolveAxis('gather', x, axis) });
}
