import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { sign } from './sign.ts';

/** Absolute value; its gradient at 0 is 0. */
export const abs = unary({
  name: 'abs',
  gradient: ({ x, cotangent }) => mul(cotangent, sign(x)),
  lower: (emitter, inputs) => emitter.node('Abs', inputs),
});
