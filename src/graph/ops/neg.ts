import { unary } from './elementwise.ts';

/** −x. */
export const neg = unary({
  name: 'neg',
  gradient: ({ cotangent }) => neg(cotangent),
  lower: (emitter, inputs) => emitter.node('Neg', inputs),
});
