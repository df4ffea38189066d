import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sin } from './sin.ts';

/** Cosine, x in radians. */
export const cos = unary({
  name: 'cos',
  gradient: ({ x, cotangent }) => neg(mul(cotangent, sin(x))),
  lower: (emitter, inputs) => emitter.node('Cos', inputs),
});
