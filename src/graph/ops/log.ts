import { div } from './div.ts';
import { unary } from './elementwise.ts';

/** Natural logarithm. */
export const log = unary({
  name: 'log',
  gradient: ({ x, cotangent }) => div(cotangent, x),
  lower: (emitter, inputs) => emitter.node('Log', inputs),
});
