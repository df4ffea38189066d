import { binary } from './elementwise.ts';
import { neg } from './neg.ts';

/** a − b. Operands broadcast. */
export const sub = binary({
  name: 'sub',
  onnx: 'Sub',
  gradient: ({ cotangent }) => [cotangent, neg(cotangent)],
});
