import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

/** Hyperbolic tangent. */
export const tanh = unary({
  name: 'tanh',
  gradient: ({ y, cotangent }) => mul(cotangent, sub(1, mul(y, y))),
  lower: (emitter, inputs) => emitter.node('Tanh', inputs),
});
