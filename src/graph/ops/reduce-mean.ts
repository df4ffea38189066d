import { reducedShape, resolveAxes } from '../shape.ts';
import { apply, checkFloat, type Op, sizeOf, type Tensor } from '../tensor.ts';
import { expand } from './expand.ts';
import { mul } from './mul.ts';

const op: Op<{ readonly axes: readonly number[] }> = {
  name: 'reduceMean',
  infer: ([x], { axes }) => {
    checkFloat('reduceMean', [x!]);
    return { shape: reducedShape(x!.shape, axes), dtype: x!.dtype };
  },
  gradient: ({ inputs, output }, cotangent) => {
    const share = sizeOf(output.shape) / sizeOf(inputs[0]!.shape);
    return [expand(mul(cotangent, share), inputs[0]!.shape)];
  },
  lower: (emitter, [x], { attributes: { axes } }) =>
    emitter.node('ReduceMean', [x!, emitter.ints(axes)], { attributes: { keepdims: 1 } }),
};

/** Takes the mean over `axes` (default: all), which stay as size 1. */
export function reduceMean(x: Tensor, axes?: number | readonly number[]): Tensor {
  const resolved = resolveAxes('reduceMean', x, axes);
  return resolved.length === 0 ? x : apply(op, [x], { axes: resolved });
}
