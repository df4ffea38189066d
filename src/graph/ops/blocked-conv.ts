import type { AttributeValue, Emitter } from '../emitter.ts';
import type { Shape } from '../tensor.ts';
import { memoize } from './memo.ts';

/**
 * Whether the CPU runtime's blocked convolution serves a weight [O, I, kh, kw]: its input channels
 * are whole blocks, or fewer than one, which it reads unblocked. (A 1×1 kernel is a matrix product,
 * for which the ordinary layout is as good.) The runtime moves inference weights to this form by
 * itself; training weights change at every step, so the graph has to.
 */
export function canBlock(
  { target, channelBlock }: Emitter,
  [, inputs, height, width]: Shape,
): boolean {
  if (target !== 'cpu' || channelBlock === 0 || height! * width! === 1) return false;
  return inputs! < channelBlock || inputs! % channelBlock === 0;
}

interface BlockedConv {
  readonly x: string;
  /** Weight [O, I, kh, kw], or [I, O, kh, kw] if it is to be turned. */
  readonly w: string;
  /** Convolve with the weight's adjoint: channels swapped, kernel turned around. */
  readonly turned?: boolean;
  /** [O]. */
  readonly bias?: string | undefined;
  /** [O, I, kh, kw]. */
  readonly weightShape: Shape;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

const domain = 'com.microsoft.nchwc';

/** A convolution in the runtime's blocked layout, ordinary layout in and out. */
export function blockedConv(emitter: Emitter, call: BlockedConv): string {
  const { x, bias, weightShape, attributes } = call;
  const block = emitter.channelBlock;
  const [outputs, inputs] = weightShape as readonly [number, number];
  const missing = Math.ceil(outputs / block) * block - outputs;
  const blocked = inputs < block ? x : emitter.node('ReorderInput', [x], { domain });
  const operands = [blocked, blockedWeight(emitter, call, missing)];
  if (bias !== undefined) operands.push(padAxis(emitter, bias, 1, 0, missing));
  const y = emitter.node('Conv', operands, { domain, attributes });
  return emitter.node('ReorderOutput', [y], { domain, attributes: { channels: outputs } });
}

/**
 * The weight as blocks of outputs, blocks of inputs, kernel positions, inputs, outputs: rows of
 * `channelBlock` outputs, gathered. The transpose that makes outputs the last axis moves one axis,
 * which the runtime does fast; the full permutation in one transpose it does slowly.
 */
function blockedWeight(
  emitter: Emitter,
  { w, turned = false, weightShape }: BlockedConv,
  missing: number,
): string {
  const block = emitter.channelBlock;
  const [outputs, inputs, height, width] = weightShape as readonly [number, number, number, number];
  const taps = height * width;
  const padded = outputs + missing;
  const filled = padAxis(emitter, w, 4, turned ? 1 : 0, missing);
  const [shape, perm] = turned
    ? [
        [inputs, padded, taps],
        [0, 2, 1],
      ]
    : [
        [padded, inputs * taps],
        [1, 0],
      ];
  const matrix = emitter.node('Reshape', [filled, emitter.ints(shape)]);
  const last = emitter.node('Transpose', [matrix], { attributes: { perm } });
  const blocks = padded / block;
  const rows = emitter.node('Reshape', [last, emitter.ints([inputs * taps * blocks, block])]);
  // Inputs read unblocked stand outside the kernel positions, one by one.
  const order = weightRows(blocks, inputs, inputs < block ? 1 : block, taps, Number(turned));
  const index = emitter.constant(order, [order.length]);
  const gathered = emitter.node('Gather', [rows, index], { attributes: { axis: 0 } });
  return emitter.node('Reshape', [gathered, emitter.ints([padded, inputs, height, width])]);
}

/** Row of ((input·taps + tap)·blocks + output block) for each place of the blocked weight, in its order. */
const weightRows = memoize(
  (blocks: number, inputs: number, block: number, taps: number, turned: number) => {
    const indices = new Int32Array(blocks * inputs * taps);
    let k = 0;
    for (let output = 0; output < blocks; output++)
      for (let start = 0; start < inputs; start += block)
        for (let tap = 0; tap < taps; tap++)
          for (let input = start; input < start + block; input++) {
            const from = turned ? taps - 1 - tap : tap;
            indices[k++] = (input * taps + from) * blocks + output;
          }
    return indices;
  },
);

/** `count` zeros behind one axis. */
function padAxis(
  emitter: Emitter,
  name: string,
  rank: number,
  axis: number,
  count: number,
): string {
  if (count === 0) return name;
  const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? count : 0));
  return emitter.node('Pad', [name, emitter.ints(pads)]);
}
