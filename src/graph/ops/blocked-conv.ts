import type { Emitter } from '../emitter.ts';
import type { AttributeValue } from '../onnx.ts';
import type { Shape } from '../tensor.ts';
import { blockedNode, fromBlocks, isBlocked, toBlocks } from './blocks.ts';
import { memoize } from './memo.ts';

/**
 * Tells whether the CPU runtime's blocked convolution serves an image and a weight [O, I, kh, kw]:
 * the input channels are whole blocks, or fewer than one, which it reads unblocked. A 1×1 kernel is
 * a matrix product, as good on an ordinary image: it takes blocks if they are there. The runtime
 * moves inference weights to this form by itself; training weights change at every step, so the
 * graph has to.
 */
export function canBlock(
  emitter: Emitter,
  image: string,
  [outputs, inputs, height, width]: Shape,
): boolean {
  const { target, channelBlock } = emitter;
  if (target !== 'cpu' || channelBlock === 0) return false;
  const whole = inputs! % channelBlock === 0;
  if (height! * width! === 1) {
    return whole && outputs! % channelBlock === 0 && isBlocked(emitter, image);
  }
  return whole || inputs! < channelBlock;
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

/** Computes a convolution in the runtime's blocked layout, ordinary layout in and out. */
export function blockedConv(emitter: Emitter, call: BlockedConv): string {
  const { x, bias, weightShape, attributes } = call;
  const block = emitter.channelBlock;
  const [outputs, inputs] = weightShape as readonly [number, number];
  const missing = Math.ceil(outputs / block) * block - outputs;
  const blocked = inputs < block ? x : toBlocks(emitter, x);
  const operands = [blocked, blockedWeight(emitter, call, missing)];
  if (bias !== undefined) operands.push(padAxis(emitter, bias, 1, 0, missing));
  return fromBlocks(emitter, blockedNode(emitter, 'Conv', operands, attributes), outputs);
}

/**
 * The weight as blocks of outputs, blocks of inputs, kernel positions, inputs, outputs: rows of
 * `channelBlock` outputs, gathered from an order in which outputs are last. A weight stored as
 * [O, kh, kw, I] (see `train/layout.ts`) has that order when it is turned; otherwise blocks of its
 * outputs are brought to the end.
 */
function blockedWeight(
  emitter: Emitter,
  { w, turned = false, weightShape }: BlockedConv,
  missing: number,
): string {
  const block = emitter.channelBlock;
  const [outputs, inputs, height, width] = weightShape as readonly [number, number, number, number];
  const padded = outputs + missing;
  const stored = emitter.node('Transpose', [w], { attributes: { perm: [0, 2, 3, 1] } });
  const filled = padAxis(emitter, stored, 4, turned ? 3 : 0, missing);
  const blocks = padded / block;
  const count = inputs * height * width * blocks;
  const last = turned ? filled : outputsLast(emitter, filled, [padded, count / blocks]);
  const rows = emitter.node('Reshape', [last, emitter.ints([count, block])]);
  // Inputs read unblocked stand outside the kernel positions, one by one.
  const together = inputs < block ? 1 : block;
  const order = weightRows(blocks, inputs, together, height, width, Number(turned));
  const index = emitter.constant(order, [order.length]);
  const gathered = emitter.node('Gather', [rows, index], { attributes: { axis: 0 } });
  return emitter.node('Reshape', [gathered, emitter.ints([padded, inputs, height, width])]);
}

/** [O, n] as [O/b, n, b]. */
function outputsLast(emitter: Emitter, weight: string, [outputs, n]: [number, number]): string {
  const image = emitter.node('Reshape', [weight, emitter.ints([1, outputs, 1, n])]);
  return blockedNode(emitter, 'ReorderInput', [image], {});
}

/** For each place of the blocked weight, in its order, the row of outputs it takes. */
const weightRows = memoize(
  (
    blocks: number,
    inputs: number,
    together: number,
    height: number,
    width: number,
    turned: number,
  ) => {
    const indices = new Int32Array(blocks * inputs * height * width);
    // Turned: [I][kh][kw][O/b]. Otherwise: [O/b][kh][kw][I].
    const rowOf = (output: number, input: number, a: number, b: number) =>
      turned
        ? ((input * height + height - 1 - a) * width + width - 1 - b) * blocks + output
        : ((output * height + a) * width + b) * inputs + input;
    let k = 0;
    for (let output = 0; output < blocks; output++)
      for (let start = 0; start < inputs; start += together)
        for (let a = 0; a < height; a++)
          for (let b = 0; b < width; b++)
            for (let input = start; input < start + together; input++)
              indices[k++] = rowOf(output, input, a, b);
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
