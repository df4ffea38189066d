import { binary } from './elementwise.ts';

/** a > b, as bool. Operands broadcast. */
export const greater = binary({
  name: 'greater',
  onnx: 'Greater',
  dtype: 'bool',
});
