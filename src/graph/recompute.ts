import { pullBack } from './gradient.ts';
import { after } from './ops/after.ts';
import { apply, type Op, type Tensor } from './tensor.ts';

type Build = (inputs: readonly Tensor[], parameters: readonly Tensor[]) => Tensor;

interface Attributes {
  readonly build: Build;
  /** How many of the op's inputs are `inputs` of `build`. */
  readonly count: number;
}

const op: Op<Attributes> = {
  name: 'recompute',
  infer: (operands) => {
    const { shape, dtype } = operands.at(-1)!;
    return { shape, dtype };
  },
  gradient: ({ inputs: operands, attributes: { build, count } }, cotangent) => {
    const again = operands.slice(0, count).map((source) => after(source, cotangent));
    const parameters = operands.slice(count, -1);
    const output = build(again, parameters);
    return [...pullBack(output, [...again, ...parameters], cotangent), undefined];
  },
  lower: (_, names) => names.at(-1)!,
};

/**
 * Builds the result of `build(inputs, parameters)`, of which only inputs and parameters are kept
 * for the backward pass: what is inside is computed again there, for less memory and more work
 * (Chen et al. 2016). The result must depend on all of them, and on nothing else that is
 * differentiated.
 */
export function recompute(
  build: Build,
  inputs: readonly Tensor[],
  parameters: readonly Tensor[],
): Tensor {
  const output = build(inputs, parameters);
  return apply(op, [...inputs, ...parameters, output], { build, count: inputs.length });
}
