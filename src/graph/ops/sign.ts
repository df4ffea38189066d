import { unary } from './elementwise.ts';

/** −1, 0 or 1. No gradient flows. */
export const sign = unary({
  name: 'sign',
  lower: (emitter, inputs) => emitter.node('Sign', inputs),
});
