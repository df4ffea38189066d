import { unary } from './elementwise.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

/** The error function. */
export const erf = unary({
  name: 'erf',
  gradient: ({ x, cotangent }) => mul(cotangent, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))),
  lower: (emitter, inputs) => emitter.node('Erf', inputs),
});
