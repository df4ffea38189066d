import { type Shape, sizeOf, type Tensor, transpose } from '../graph/index.ts';
import type { ParameterSpec } from '../nn/index.ts';

/**
 * How a training step keeps weights [O, I, kh, kw] of convolutions: in tap order [kh, O, kw, I], in
 * which the weight gradient comes out of its matrix product and from which the blocked convolution
 * reads whole rows. Outside the step, everything is in the ordinary order.
 */
const TO_TAPS = [2, 0, 3, 1] as const;
const FROM_TAPS = [1, 3, 0, 2] as const;

const permute = <T>(values: readonly T[], order: readonly number[]) => order.map((i) => values[i]!);

/** Shape in which the step keeps a parameter. */
export const keptShape = (shape: Shape): Shape =>
  shape.length === 4 ? permute(shape, TO_TAPS) : shape;

/** The parameter in its ordinary order, from the tensor that is kept. */
export const ordinary = (kept: Tensor): Tensor =>
  kept.shape.length === 4 ? transpose(kept, FROM_TAPS) : kept;

/** The tensor that is kept, from a parameter or gradient in ordinary order. */
export const kept = (tensor: Tensor): Tensor =>
  tensor.shape.length === 4 ? transpose(tensor, TO_TAPS) : tensor;

/** A flat vector [P] of all parameters, from ordinary order to that of the step. */
export const toStep = (vector: Float32Array, specs: readonly ParameterSpec[]) =>
  rearrange(vector, specs, (shape) => ({ shape, order: TO_TAPS }));

/** A flat vector [P] of all parameters, from the order of the step to the ordinary one. */
export const fromStep = (vector: Float32Array, specs: readonly ParameterSpec[]) =>
  rearrange(vector, specs, (shape) => ({ shape: keptShape(shape), order: FROM_TAPS }));

function rearrange(
  vector: Float32Array,
  specs: readonly ParameterSpec[],
  plan: (shape: Shape) => { readonly shape: Shape; readonly order: readonly number[] },
): Float32Array {
  const out = vector.slice();
  let start = 0;
  for (const { shape } of specs) {
    const end = start + sizeOf(shape);
    if (shape.length === 4) {
      const { shape: from, order } = plan(shape);
      transposeInto(vector.subarray(start, end), from, order, out.subarray(start, end));
    }
    start = end;
  }
  return out;
}

/** Four axes in a new order: axis i of the result is axis order[i] of `from`. */
function transposeInto(
  from: Float32Array,
  shape: Shape,
  order: readonly number[],
  to: Float32Array,
): void {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const [s0, s1, s2, s3] = permute(strides, order) as [number, number, number, number];
  const [n0, n1, n2, n3] = permute(shape, order) as [number, number, number, number];
  let k = 0;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++)
        for (let i3 = 0; i3 < n3; i3++) to[k++] = from[i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3]!;
}
