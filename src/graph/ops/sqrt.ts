import { div } from './div.ts';
import { unary } from './elementwise.ts';
import { mul } from './mul.ts';

/** Square root. */
export const sqrt = unary({
  name: 'sqrt',
  gradient: ({ y, cotangent }) => div(mul(cotangent, 0.5), y),
  lower: (emitter, inputs) => emitter.node('Sqrt', inputs),
});
