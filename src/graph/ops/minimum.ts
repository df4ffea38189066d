import { binary } from './elementwise.ts';
import { greater } from './greater.ts';
import { where } from './where.ts';

/** The smaller of a and b; on a tie the gradient goes to a. Operands broadcast. */
export const minimum = binary({
  name: 'minimum',
  onnx: 'Min',
  gradient: ({ a, b, cotangent }) => [
    where(greater(a, b), 0, cotangent),
    where(greater(a, b), cotangent, 0),
  ],
});
