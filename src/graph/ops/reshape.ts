import { apply, fail, type Op, type Shape, sizeOf, type Tensor } from '../tensor.ts';

const op: Op<{ readonly shape: Shape }> = {
  name: 'reshape',
  infer: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient: ({ inputs }, cotangent) => [reshape(cotangent, inputs[0]!.shape)],
  lower: (emitter, [x], { attributes: { shape } }) =>
    emitter.node('Reshape', [x!, emitter.ints(shape)], {
      // Without it a size of 0 means "as in the input".
      ...(shape.includes(0) && { attributes: { allowzero: 1 } }),
    }),
};

/**
 * Arranges the same elements in row-major order under another shape; one size may be −1: what is
 * left.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const left = sizeOf(x.shape) / known;
  const resolved = shape.map((size) => (size === -1 ? left : size));
  const whole = resolved.every((size) => Number.isInteger(size) && size >= 0);
  const free = shape.filter((size) => size === -1).length;
  if (!whole || free > 1 || sizeOf(resolved) !== sizeOf(x.shape)) {
    fail('reshape', `[${shape.join(', ')}] does not hold the same number of elements`, [x]);
  }
  return apply(op, [x], { shape: resolved });
}
