import type { Emitter } from '../emitter.ts';
import type { AttributeValue } from '../onnx.ts';
import type { Op, Shape, Tensor } from '../tensor.ts';

/**
 * The CPU runtime's fast convolutions keep images in blocks of channels: [N, C/b, H, W, b] in place
 * of [N, C, H, W]. Ops hand each other ordinary images; one that works on blocks takes them through
 * `toBlocks` and returns `fromBlocks`. Where neighbours both do, what is between cancels:
 * `toBlocks` finds the blocks that the ordinary image was made from, and the conversion nobody
 * reads is dropped.
 */
export const BLOCKED = 'com.microsoft.nchwc';

/** What `add` emits for two images in blocks: no operator of the runtime, see `fuse-sums.ts`. */
export const BLOCKED_SUM = 'BlockedSum';

/** Tells whether an image of this shape is whole blocks here. */
export function hasBlocks({ target, channelBlock }: Emitter, shape: Shape): boolean {
  return (
    target === 'cpu' && channelBlock > 0 && shape.length === 4 && shape[1]! % channelBlock === 0
  );
}

/** Tells whether the image was made from blocks, so that they cost nothing. */
export const isBlocked = (emitter: Emitter, name: string): boolean =>
  emitter.maker(name)?.op === 'ReorderOutput';

/** Makes the blocks of an image [N, C, H, W]; C in whole blocks. */
export function toBlocks(emitter: Emitter, name: string): string {
  const maker = emitter.maker(name);
  if (maker?.op === 'ReorderOutput') return maker.inputs[0]!;
  return emitter.node('ReorderInput', [name], { domain: BLOCKED });
}

/** Makes the image of `channels` channels that blocks hold. */
export function fromBlocks(emitter: Emitter, blocks: string, channels: number): string {
  return emitter.node('ReorderOutput', [blocks], { domain: BLOCKED, attributes: { channels } });
}

const isSum = ({ source }: Tensor) => source.kind === 'op' && source.op === 'add';

/** Adds a node of the runtime's blocked domain. */
export function blockedNode(
  emitter: Emitter,
  op: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>>,
): string {
  return emitter.node(op, inputs, { domain: BLOCKED, attributes });
}

/**
 * Shows the same blocks under the shape [N·C/b, H·W, b]: a matrix of positions by channels for each
 * block.
 */
export function blockMatrices(emitter: Emitter, blocks: string, shape: Shape): string {
  const [batch, channels, height, width] = shape as readonly [number, number, number, number];
  const block = emitter.channelBlock;
  const view = [(batch * channels) / block, height * width, block];
  return emitter.node('Reshape', [blocks, emitter.ints(view)]);
}

/**
 * Makes the lowering of an op that treats every element alike work on blocks, where an operand
 * comes as blocks and the others are as large or a single number.
 */
export function elementwise(lower: Op['lower']): Op['lower'] {
  return (emitter, names, call) => {
    const { inputs, output } = call;
    const isFull = (x: Tensor) => x.shape.join() === output.shape.join();
    const isFloat = (x: Tensor) => x.dtype === 'float32';
    const fits =
      hasBlocks(emitter, output.shape) &&
      [output, ...inputs].every(isFloat) &&
      inputs.every((x) => isFull(x) || x.shape.length === 0) &&
      inputs.some((x, i) => isFull(x) && isBlocked(emitter, names[i]!));
    if (!fits) return lower(emitter, names, call);
    const operands = names.map((name, i) => (isFull(inputs[i]!) ? toBlocks(emitter, name) : name));
    const result =
      isSum(call.output) && inputs.every(isFull)
        ? emitter.node(BLOCKED_SUM, operands)
        : lower(emitter, operands, call);
    return fromBlocks(emitter, result, output.shape[1]!);
  };
}
