import type { AttributeValue, Emitter } from '../emitter.ts';
import type { Shape } from '../tensor.ts';

/**
 * Whether the CPU runtime's blocked convolution takes this many input channels: whole blocks, or
 * fewer than one, which it reads unblocked. The runtime moves inference weights to this form by
 * itself; training weights change at every step, so the graph has to.
 */
export function canBlock(emitter: Emitter, channels: number): boolean {
  const { target, channelBlock } = emitter;
  return (
    target === 'cpu' &&
    channelBlock > 0 &&
    (channels < channelBlock || channels % channelBlock === 0)
  );
}

interface BlockedConv {
  readonly x: string;
  /** Weight [O, I, kh, kw] in the ordinary layout. */
  readonly w: string;
  readonly weightShape: Shape;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A convolution in the runtime's blocked layout, ordinary layout in and out. */
export function blockedConv(
  emitter: Emitter,
  { x, w, weightShape, attributes }: BlockedConv,
): string {
  const block = emitter.channelBlock;
  const [outputs, inputs, height, width] = weightShape as readonly [number, number, number, number];
  const padded = Math.ceil(outputs / block) * block;
  const filled =
    padded === outputs
      ? w
      : emitter.node('Pad', [w, emitter.ints([0, 0, 0, 0, padded - outputs, 0, 0, 0])]);
  const few = inputs < block;
  // [O, I, kh, kw] → O blocks, I blocks, kh, kw, i, o (or O blocks, I, kh, kw, o for few inputs).
  const split = few
    ? [padded / block, block, inputs, height, width]
    : [padded / block, block, inputs / block, block, height, width];
  const perm = few ? [0, 2, 3, 4, 1] : [0, 2, 4, 5, 3, 1];
  const parts = emitter.node('Reshape', [filled, emitter.ints(split)]);
  const moved = emitter.node('Transpose', [parts], { attributes: { perm } });
  const weight = emitter.node('Reshape', [moved, emitter.ints([padded, inputs, height, width])]);
  const domain = 'com.microsoft.nchwc';
  const blocked = few ? x : emitter.node('ReorderInput', [x], { domain });
  const y = emitter.node('Conv', [blocked, weight], { domain, attributes });
  return emitter.node('ReorderOutput', [y], { domain, attributes: { channels: outputs } });
}
