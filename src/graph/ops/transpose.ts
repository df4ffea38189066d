import { apply, fail, type Op, type Tensor } from '../tensor.ts';

const op: Op<{ readonly order: readonly number[] }> = {
  name: 'transpose',
  infer: ([x], { order }) => ({ shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype }),
  gradient: ({ attributes: { order } }, cotangent) => [
    transpose(
      cotangent,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  lower: (emitter, inputs, { attributes: { order } }) =>
    emitter.node('Transpose', inputs, { attributes: { perm: order } }),
};

/** Permutes axes: axis i of the result is axis `order[i]` of x. Default: the last two swap. */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const axes = [...x.shape.keys()];
  const swapped = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  const given = order ?? swapped;
  if ([...given].sort((a, b) => a - b).join() !== axes.join()) {
    fail('transpose', `[${given.join(', ')}] is not an order of ${axes.length} axes`, [x]);
  }
  return apply(op, [x], { order: given });
}
