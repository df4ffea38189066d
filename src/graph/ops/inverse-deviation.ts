import { apply, type Op, sizeOf, type Tensor } from '../tensor.ts';
import { mul } from './mul.ts';
import { reshape } from './reshape.ts';
import { checkGroups, type GroupOptions, normalization, standardize } from './standardize.ts';

const op: Op<GroupOptions> = {
  name: 'inverseDeviation',
  infer: ([x], { groups }) => {
    checkGroups('inverseDeviation', x!, groups);
    return { shape: [x!.shape[0]!, groups, 1], dtype: x!.dtype };
  },
  // d/dx (v + ε)^(−1/2) = −(v + ε)^(−3/2)·(x − mean)/L = −inverse²·standardized/L.
  gradient: ({ inputs, output, attributes }, cotangent) => {
    const [x] = inputs as readonly [Tensor];
    const length = sizeOf(x.shape.slice(1)) / attributes.groups;
    const factor = mul(mul(cotangent, -1 / length), mul(output, output));
    const normal = reshape(standardize(x, attributes), [x.shape[0]!, attributes.groups, -1]);
    return [reshape(mul(normal, factor), x.shape)];
  },
  lower: (emitter, [name], { inputs, output, attributes }) =>
    emitter.node('Reshape', [
      normalization(emitter, name!, inputs[0]!, attributes)[2]!,
      emitter.ints(output.shape),
    ]),
};

/** 1/√(variance + ε) of each group of channels of x [N, C, ...]: [N, groups, 1]. */
export function inverseDeviation(x: Tensor, options: GroupOptions): Tensor {
  return apply(op, [x], options);
}
