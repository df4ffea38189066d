import { binary } from './elementwise.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';

/** a/b, elementwise. Operands broadcast. */
export const div = binary({
  name: 'div',
  onnx: 'Div',
  gradient: ({ b, y, cotangent }) => [div(cotangent, b), neg(div(mul(cotangent, y), b))],
});
