import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

/** 1/x. */
export const reciprocal = unary({
  name: 'reciprocal',
  gradient: ({ y, cotangent }) => neg(mul(cotangent, mul(y, y))),
  lower: (emitter, inputs) => emitter.node('Reciprocal', inputs),
});
