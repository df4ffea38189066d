import { broadcast } from '../shape.ts';
import { apply, constant, fail, type Op, type Tensor } from '../tensor.ts';
import type { Operand } from './elementwise.ts';
import { sumTo } from './sum-to.ts';

const op: Op = {
  name: 'where',
  infer: (inputs) => {
    const [condition, a, b] = inputs as readonly [Tensor, Tensor, Tensor];
    if (condition.dtype !== 'bool') fail('where', 'the condition must be bool', inputs);
    if (a.dtype !== b.dtype)
      fail('where', `choices are ${a.dtype} and ${b.dtype}; cast one`, inputs);
    return { shape: broadcast('where', inputs), dtype: a.dtype };
  },
  gradient: ({ inputs }, cotangent) => {
    const [condition, a, b] = inputs as readonly [Tensor, Tensor, Tensor];
    return [
      undefined,
      sumTo(where(condition, cotangent, 0), a.shape),
      sumTo(where(condition, 0, cotangent), b.shape),
    ];
  },
  lower: (emitter, inputs) => emitter.node('Where', inputs),
};

/** Chooses a where the condition holds, b elsewhere. All three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const choices = [a, b].map((choice) => (typeof choice === 'number' ? constant(choice) : choice));
  return apply(op, [condition, ...choices], undefined);
}
