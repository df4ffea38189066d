import { binary } from './elementwise.ts';

/** a < b, as bool. Operands broadcast. */
export const less = binary({
  name: 'less',
  onnx: 'Less',
  dtype: 'bool',
});
