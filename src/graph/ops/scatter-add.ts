import { resolveAxis } from '../shape.ts';
import { apply, checkFloat, fail, type Op, sizeOf, type Tensor } from '../tensor.ts';
import { gather } from './gather.ts';

const op: Op<{ readonly size: number; readonly axis: number }> = {
  name: 'scatterAdd',
  infer: (inputs, { size, axis }) => {
    const [updates, indices] = inputs as readonly [Tensor, Tensor];
    checkFloat('scatterAdd', [updates]);
    if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
      fail('scatterAdd', `indices must be int32 or int64, not ${indices.dtype}`, inputs);
    }
    if (!Number.isInteger(size) || size < 0) fail('scatterAdd', `size ${size} is not ≥ 0`, inputs);
    if (indices.shape.length !== 1 || indices.shape[0] !== updates.shape[axis]) {
      fail('scatterAdd', `needs one index per row of axis ${axis}`, inputs);
    }
    return { shape: updates.shape.with(axis, size), dtype: updates.dtype };
  },
  gradient: ({ inputs, attributes: { axis } }, cotangent) => [
    gather(cotangent, inputs[1]!, axis),
    undefined,
  ],
  lower: (emitter, [updates, indices], { inputs, output, attributes: { axis } }) => {
    const aligned = inputs[0]!.shape.map((size, i) => (i === axis ? size : 1));
    const column = emitter.node('Reshape', [indices!, emitter.ints(aligned)]);
    const full = emitter.node('Expand', [column, emitter.ints(inputs[0]!.shape)]);
    const zeros = emitter.constant(new Float32Array(sizeOf(output.shape)), output.shape);
    const attributes = { axis, reduction: 'add' };
    return emitter.node('ScatterElements', [zeros, full, updates!], { attributes });
  },
};

/**
 * Applies the transpose of `gather`: zeros with `size` rows along `axis`, to which row i of
 * `updates` is added at `indices[i]`.
 */
export function scatterAdd(updates: Tensor, indices: Tensor, size: number, axis = 0): Tensor {
  return apply(op, [updates, indices], { size, axis: resolveAxis('scatterAdd', updates, axis) });
}
