import type { Emitter } from '../emitter.ts';
import { apply, checkFloat, type Op, type Shape, type Tensor } from '../tensor.ts';
import { fromBlocks, hasBlocks, isBlocked, toBlocks } from './blocks.ts';

const op: Op = {
  name: 'after',
  infer: (inputs) => {
    checkFloat('after', inputs);
    const [x] = inputs;
    return { shape: x!.shape, dtype: x!.dtype };
  },
  gradient: (_, cotangent) => [cotangent, undefined],
  lower: (emitter, names, { inputs }) => {
    const [x, trigger] = names as readonly [string, string];
    // Elsewhere the order of work is not ours to choose.
    if (emitter.target !== 'cpu') return x;
    const { shape } = inputs[0]!;
    const start = isBlocked(emitter, trigger) ? toBlocks(emitter, trigger) : trigger;
    const zero = emitZero(emitter, start);
    if (!hasBlocks(emitter, shape) || !isBlocked(emitter, x)) {
      return emitView(emitter, x, shape, zero);
    }
    return fromBlocks(emitter, emitView(emitter, toBlocks(emitter, x), shape, zero), shape[1]!);
  },
};

/**
 * Returns x, but what is computed from it waits until `trigger` is there: on the CPU, what was
 * computed from x before need not be kept until then.
 */
export function after(x: Tensor, trigger: Tensor): Tensor {
  return apply(op, [x, trigger], undefined);
}

/** A zero [1] that the runtime only knows once it has `trigger`: no number is less than itself. */
function emitZero(emitter: Emitter, trigger: string): string {
  const flat = emitter.node('Reshape', [trigger, emitter.ints([-1])]);
  const index = emitter.constant(Int32Array.of(0), [1]);
  const first = emitter.node('Gather', [flat, index], { attributes: { axis: 0 } });
  const never = emitter.node('Less', [first, first]);
  return emitter.node('Cast', [never], { attributes: { to: 7 } });
}

/** The same memory under its own shape, which is known only with `zero`. */
function emitView(emitter: Emitter, x: string, shape: Shape, zero: string): string {
  const sizes = emitter.node('Add', [emitter.ints(shape), zero]);
  return emitter.node('Reshape', [x, sizes]);
}
