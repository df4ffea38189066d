import { sameShape } from '../shape.ts';
import { fail, type Shape, type Tensor } from '../tensor.ts';
import { reduceSum } from './reduce-sum.ts';
import { reshape } from './reshape.ts';

/** Undoes broadcasting: sums `tensor` over the axes along which `shape` was repeated. */
export function sumTo(tensor: Tensor, shape: Shape): Tensor {
  if (sameShape(tensor.shape, shape)) return tensor;
  const lead = tensor.shape.length - shape.length;
  if (lead < 0 || shape.some((size, axis) => size !== 1 && size !== tensor.shape[axis + lead])) {
    fail('sumTo', `[${shape.join(', ')}] does not broadcast to the tensor`, [tensor]);
  }
  const axes = [...tensor.shape.keys()].filter(
    (axis) => axis < lead || (shape[axis - lead] === 1 && tensor.shape[axis] !== 1),
  );
  return reshape(axes.length === 0 ? tensor : reduceSum(tensor, axes), shape);
}
