import { add } from './add.ts';
import { unary } from './elementwise.ts';
import { mul } from './mul.ts';
import { sigmoid } from './sigmoid.ts';
import { sub } from './sub.ts';

/** x·sigmoid(x), also called swish. */
export const silu = unary({
  name: 'silu',
  // d/dx x·s(x) = s·(1 + x − y): reuses the output, so the backward pass adds only s.
  gradient: ({ x, y, cotangent }) => mul(mul(cotangent, sigmoid(x)), add(sub(x, y), 1)),
  lower: (emitter, inputs) => {
    // One pass over memory on the CPU; two elsewhere.
    if (emitter.target === 'cpu') {
      const attributes = { alpha: { float: 1 } };
      return emitter.node('QuickGelu', inputs, { domain: 'com.microsoft', attributes });
    }
    return emitter.node('Mul', [inputs[0]!, emitter.node('Sigmoid', inputs)]);
  },
});
