import { unary } from './elementwise.ts';
import { greater } from './greater.ts';
import { where } from './where.ts';

/** max(x, 0); its gradient at 0 is 0. */
export const relu = unary({
  name: 'relu',
  gradient: ({ x, cotangent }) => where(greater(x, 0), cotangent, 0),
  lower: (emitter, inputs) => emitter.node('Relu', inputs),
});
