import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';

/** log(1 + eˣ). */
export const softplus = unary({
  name: 'softplus',
  gradient: ({ x, cotangent }) => mul(cotangent, sigmoid(x)),
  lower: (emitter, inputs) => emitter.node('Softplus', inputs),
});
