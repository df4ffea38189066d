import { binary } from './elementwise.ts';

/** a = b, as bool. Operands broadcast. */
export const equal = binary({
  name: 'equal',
  onnx: 'Equal',
  dtype: 'bool',
});
