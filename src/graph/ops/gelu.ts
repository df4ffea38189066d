import { add } from './add.ts';
import { unary } from './elementwise.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';

/** x·Φ(x) with Φ the normal distribution function (the exact form, not the tanh approximation). */
export const gelu = unary({
  name: 'gelu',
  gradient: ({ x, cotangent }) => {
    const phi = mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, mul(x, x))));
    const distribution = mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))));
    return mul(cotangent, add(distribution, mul(x, phi)));
  },
  lower: (emitter, inputs) => emitter.node('Gelu', inputs),
});
