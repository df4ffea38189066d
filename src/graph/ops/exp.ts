import { unary } from './elementwise.ts';
import { mul } from './mul.ts';

/** eˣ. */
export const exp = unary({
  name: 'exp',
  gradient: ({ y, cotangent }) => mul(cotangent, y),
  lower: (emitter, inputs) => emitter.node('Exp', inputs),
});
