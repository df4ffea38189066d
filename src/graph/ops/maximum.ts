import { binary } from './elementwise.ts';
import { less } from './less.ts';
import { where } from './where.ts';

/** The larger of a and b; on a tie the gradient goes to a. Operands broadcast. */
export const maximum = binary({
  name: 'maximum',
  onnx: 'Max',
  gradient: ({ a, b, cotangent }) => [
    where(less(a, b), 0, cotangent),
    where(less(a, b), cotangent, 0),
  ],
});
