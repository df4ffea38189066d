import { binary } from './elementwise.ts';
import { log } from './log.ts';
import { mul } from './mul.ts';
import { sub } from './sub.ts';

/** a to the power b. Operands broadcast. */
export const pow = binary({
  name: 'pow',
  onnx: 'Pow',
  gradient: ({ a, b, y, cotangent }) => [
    mul(cotangent, mul(b, pow(a, sub(b, 1)))),
    mul(cotangent, mul(y, log(a))),
  ],
});
