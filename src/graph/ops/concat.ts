import { resolveAxis, sameShape } from '../shape.ts';
import { apply, fail, type Op, type Tensor } from '../tensor.ts';
import { fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { slice } from './slice.ts';

const op: Op<{ readonly axis: number }> = {
  name: 'concat',
  infer: (inputs, { axis }) => {
    const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    const shape = inputs[0]!.shape.with(axis, total);
    for (const x of inputs) {
      if (x.shape.length !== shape.length || !sameShape(x.shape.with(axis, total), shape)) {
        fail('concat', `shapes differ outside axis ${axis}`, inputs);
      }
      if (x.dtype !== inputs[0]!.dtype) fail('concat', 'types differ', inputs);
    }
    return { shape, dtype: inputs[0]!.dtype };
  },
  gradient: ({ inputs, output, attributes: { axis } }, cotangent) => {
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[axis]!;
      const starts = output.shape.map((_, i) => (i === axis ? from : 0));
      return slice(cotangent, starts, output.shape.with(axis, from + x.shape[axis]!));
    });
  },
  lower: (emitter, names, { inputs, output, attributes }) => {
    const inBlocks =
      attributes.axis === 1 &&
      output.dtype === 'float32' &&
      inputs.every(({ shape }) => hasBlocks(emitter, shape)) &&
      names.some((name) => isBlocked(emitter, name));
    if (!inBlocks) return emitter.node('Concat', names, { attributes });
    const parts = names.map((name) => toBlocks(emitter, name));
    return fromBlocks(emitter, emitter.node('Concat', parts, { attributes }), output.shape[1]!);
  },
};

/** Lays tensors end to end along one axis; other sizes must agree. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) fail('concat', 'needs at least one tensor');
  const resolved = resolveAxis('concat', tensors[0]!, axis);
  return tensors.length === 1 ? tensors[0]! : apply(op, tensors, { axis: resolved });
}
