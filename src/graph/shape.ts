import { fail, type Shape, type Tensor } from './tensor.ts';

/** Finds the shape of an elementwise result under NumPy's broadcasting rules. */
export function broadcast(op: string, inputs: readonly Tensor[]): number[] {
  return (
    broadcastShapes(inputs.map(({ shape }) => shape)) ?? fail(op, 'shapes do not broadcast', inputs)
  );
}

/** Finds the shape that all `shapes` repeat to, or nothing where they do not fit. */
export function broadcastShapes(shapes: readonly Shape[]): number[] | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const result = Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    return sizes.every((candidate) => candidate === 1 || candidate === size) ? size : -1;
  });
  return result.includes(-1) ? undefined : result;
}

/**
 * Gives axes as whole numbers 0..rank−1, sorted; negative ones count from the end. Default: all.
 */
export function resolveAxes(
  op: string,
  tensor: Tensor,
  axes?: number | readonly number[],
): number[] {
  const given =
    axes === undefined ? [...tensor.shape.keys()] : typeof axes === 'number' ? [axes] : axes;
  const resolved = given.map((axis) => resolveAxis(op, tensor, axis));
  if (new Set(resolved).size !== resolved.length)
    fail(op, `an axis is named twice in [${given}]`, [tensor]);
  return resolved.sort((a, b) => a - b);
}

/** Resolves an axis that may count from the end. */
export function resolveAxis(op: string, tensor: Tensor, axis: number): number {
  const rank = tensor.shape.length;
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= rank) {
    fail(op, `axis ${axis} does not exist in ${rank} dimensions`, [tensor]);
  }
  return resolved;
}

/** Finds the shape after reducing `axes`, kept as size 1. */
export function reducedShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Tells whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
