import { binary } from './elementwise.ts';

/** a + b. Operands broadcast. */
export const add = binary({
  name: 'add',
  onnx: 'Add',
  gradient: ({ cotangent }) => [cotangent, cotangent],
});
