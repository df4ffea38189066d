import type { Emitter } from '../emitter.ts';
import { apply, checkFloat, fail, type Op, sizeOf, type Tensor } from '../tensor.ts';
import { inverseDeviation } from './inverse-deviation.ts';
import { memoize } from './memo.ts';
import { mul } from './mul.ts';
import { reduceMean } from './reduce-mean.ts';
import { reshape } from './reshape.ts';
import { sub } from './sub.ts';

export interface GroupOptions {
  /** Groups the channels are split into; 1 normalises over channels and positions. */
  readonly groups: number;
  /** Added to the variance. */
  readonly epsilon: number;
}

const op: Op<GroupOptions> = {
  name: 'standardize',
  infer: ([x], { groups }) => {
    checkGroups('standardize', x!, groups);
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient: ({ inputs, output, attributes }, cotangent) => {
    const [x] = inputs as readonly [Tensor];
    const grouped = [x.shape[0]!, attributes.groups, -1];
    const [g, normal] = [reshape(cotangent, grouped), reshape(output, grouped)];
    const along = mul(normal, reduceMean(mul(g, normal), 2));
    const inner = sub(sub(g, reduceMean(g, 2)), along);
    return [reshape(mul(inner, inverseDeviation(x, attributes)), x.shape)];
  },
  lower: (emitter, [name], { inputs, output, attributes }) =>
    emitter.node('Reshape', [
      normalization(emitter, name!, inputs[0]!, attributes)[0]!,
      emitter.ints(output.shape),
    ]),
};

/** x [N, C, ...] with each group of channels of each example shifted and scaled to mean 0, variance 1. */
export function standardize(x: Tensor, options: GroupOptions): Tensor {
  return apply(op, [x], options);
}

/**
 * The node that does it: every group is a row, and layer normalisation of rows is the runtime's
 * fastest form. Outputs the rows, their means and their 1/√(variance + ε).
 */
export function normalization(
  emitter: Emitter,
  name: string,
  { shape }: Tensor,
  { groups, epsilon }: GroupOptions,
): string[] {
  const length = sizeOf(shape.slice(1)) / groups;
  const rows = emitter.node('Reshape', [name, emitter.ints([shape[0]! * groups, length])]);
  const ones = emitter.constant(onesOf(length), [length]);
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  return emitter.nodes('LayerNormalization', [rows, ones], 3, { attributes });
}

const onesOf = memoize((length: number) => new Float32Array(length).fill(1));

export function checkGroups(name: string, x: Tensor, groups: number): void {
  checkFloat(name, [x]);
  const channels = x.shape[1];
  if (
    channels === undefined ||
    !Number.isInteger(groups) ||
    groups < 1 ||
    channels % groups !== 0
  ) {
    fail(name, `channels do not split into ${groups} groups`, [x]);
  }
}
