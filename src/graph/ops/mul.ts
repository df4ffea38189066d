import { binary } from './elementwise.ts';

/** a·b, elementwise. Operands broadcast. */
export const mul = binary({
  name: 'mul',
  onnx: 'Mul',
  gradient: ({ a, b, cotangent }) => [mul(cotangent, b), mul(cotangent, a)],
});
