import { cos } from './cos.ts';
import { unary } from './elementwise.ts';
import { mul } from './mul.ts';

/** Sine, x in radians. */
export const sin = unary({
  name: 'sin',
  gradient: ({ x, cotangent }) => mul(cotangent, cos(x)),
  lower: (emitter, inputs) => emitter.node('Sin', inputs),
});
