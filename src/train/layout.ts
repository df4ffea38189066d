import { type Shape, sizeOf, type Tensor, transpose } from '../graph/index.ts';
import type { ParameterSpec } from '../nn/index.ts';

/**
 * How a training step keeps weights [O, I, kh, kw] of convolutions: as [O, kh, kw, I], in which the
 * weight gradient comes out of its convolution and from which the blocked convolution reads whole
 * rows. Outside the step, everything is in the ordinary order.
 */
const TO_KEPT = [0, 2, 3, 1] as const;
const FROM_KEPT = [0, 3, 1, 2] as const;

/**
 * Parameters of this size and more are vectors of their own; smaller ones share. An update of many
 * passes then finds a vector in cache, and large parameters are neither cut out nor put together.
 */
const LARGE = 1 << 17;

const permute = <T>(values: readonly T[], order: readonly number[]) => order.map((i) => values[i]!);

/** Gives the shape in which the step keeps a parameter. */
export const keptShape = (shape: Shape): Shape =>
  shape.length === 4 ? permute(shape, TO_KEPT) : shape;

/** Restores a parameter's ordinary order, from the tensor that is kept. */
export const ordinary = (kept: Tensor): Tensor =>
  kept.shape.length === 4 ? transpose(kept, FROM_KEPT) : kept;

/** Makes the tensor that is kept, from a parameter or gradient in ordinary order. */
export const kept = (tensor: Tensor): Tensor =>
  tensor.shape.length === 4 ? transpose(tensor, TO_KEPT) : tensor;

/** A vector that the step keeps: some parameters, one after another. */
export interface Segment {
  readonly specs: readonly ParameterSpec[];
  readonly size: number;
  /**
   * [k, m, n] where the segment is k matrices of one shape; absent where it is to be seen as a
   * vector.
   */
  readonly matrices?: Shape;
}

/** Where a step keeps its parameters, as vectors of some of them each. */
export interface Layout {
  readonly segments: readonly Segment[];
  /** The segments of a flat vector [P] of all parameters in the order of `specs`. */
  split(vector: Float32Array): Float32Array[];
  /** The flat vector of such segments. */
  join(segments: readonly Float32Array[]): Float32Array;
}

/**
 * Lays out parameters. Those named in `matrices`, which have two axes at least, go apart from the
 * others, with those of their shape: as they are kept, such a segment is a stack of matrices [k, m,
 * n].
 */
export function createLayout(
  specs: readonly ParameterSpec[],
  matrices: ReadonlySet<string> = new Set(),
): Layout {
  const segments = groupByShape(specs, matrices).flatMap((group) => {
    const made = chooseSegments(group.specs);
    if (group.matrix === undefined) return made;
    const { matrix } = group;
    return made.map((segment) => ({ ...segment, matrices: [segment.specs.length, ...matrix] }));
  });
  const starts = new Map<ParameterSpec, number>();
  let total = 0;
  for (const spec of specs) {
    starts.set(spec, total);
    total += sizeOf(spec.shape);
  }
  /** Goes through all parameters: where each is in the flat vector, and where in its segment. */
  const visit = (
    part: (segment: number, from: number, flat: number, shape: Shape, size: number) => void,
  ) =>
    segments.forEach((segment, i) => {
      let from = 0;
      for (const spec of segment.specs) {
        const size = sizeOf(spec.shape);
        part(i, from, starts.get(spec)!, spec.shape, size);
        from += size;
      }
    });
  return {
    segments,
    split: (vector) => {
      const arrays = segments.map(({ size }) => new Float32Array(size));
      visit((i, from, flat, shape, size) => {
        const source = vector.subarray(flat, flat + size);
        reorder(source, shape, TO_KEPT, arrays[i]!.subarray(from, from + size));
      });
      return arrays;
    },
    join: (arrays) => {
      const vector = new Float32Array(total);
      visit((i, from, flat, shape, size) => {
        const source = arrays[i]!.subarray(from, from + size);
        reorder(source, keptShape(shape), FROM_KEPT, vector.subarray(flat, flat + size));
      });
      return vector;
    },
  };
}

interface Group {
  readonly specs: ParameterSpec[];
  /** [m, n] of each. */
  readonly matrix?: Shape;
}

/** Parameters that are no matrices, then the matrices of each shape. */
function groupByShape(
  specs: readonly ParameterSpec[],
  matrices: ReadonlySet<string>,
): readonly Group[] {
  const rest: Group = { specs: [] };
  const groups = new Map<string, Group>();
  for (const spec of specs) {
    if (!matrices.has(spec.name)) {
      rest.specs.push(spec);
      continue;
    }
    const matrix = matrixShape(spec.shape);
    const group = groups.get(matrix.join()) ?? { specs: [], matrix };
    groups.set(matrix.join(), group);
    group.specs.push(spec);
  }
  return [rest, ...groups.values()];
}

/**
 * Gives the matrix shape [outputs, all the rest] of a weight. The kept order of a convolution's is
 * that of the ordinary one but for the order of columns, which no orthogonalisation minds.
 */
export const matrixShape = ([rows, ...rest]: Shape): Shape => [rows!, sizeOf(rest)];

function chooseSegments(specs: readonly ParameterSpec[]): Segment[] {
  const segments: Segment[] = [];
  let small: ParameterSpec[] = [];
  const close = () => {
    if (small.length > 0) segments.push(segmentOf(small));
    small = [];
  };
  for (const spec of specs) {
    if (sizeOf(spec.shape) >= LARGE) segments.push(segmentOf([spec]));
    else small.push(spec);
    if (segmentOf(small).size >= LARGE) close();
  }
  close();
  return segments;
}

const segmentOf = (specs: readonly ParameterSpec[]): Segment => ({
  specs,
  size: specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
});

/** Copies a parameter with its axes in a new order, if it is the weight of a convolution. */
function reorder(
  from: Float32Array,
  shape: Shape,
  order: readonly number[],
  to: Float32Array,
): void {
  if (shape.length !== 4) {
    to.set(from);
    return;
  }
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const [s0, s1, s2, s3] = permute(strides, order) as [number, number, number, number];
  const [n0, n1, n2, n3] = permute(shape, order) as [number, number, number, number];
  let k = 0;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++)
        for (let i3 = 0; i3 < n3; i3++) to[k++] = from[i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3]!;
}
