import type { Emitter } from '../emitter.ts';
import { apply, checkFloat, fail, type Op, type Shape, type Tensor } from '../tensor.ts';
import { affine } from './affine.ts';
import { blockMatrices, hasBlocks, isBlocked, toBlocks } from './blocks.ts';
import { memoize } from './memo.ts';

const op: Op = {
  name: 'channelDots',
  infer: (inputs) => {
    checkFloat('channelDots', inputs);
    const [x, y] = inputs as readonly [Tensor, Tensor];
    if (x.shape.length < 2 || x.shape.join() !== y.shape.join()) {
      fail('channelDots', 'takes two tensors [N, C, ...] of one shape', inputs);
    }
    return { shape: x.shape.slice(0, 2), dtype: x.dtype };
  },
  gradient: ({ inputs }, cotangent) => {
    const [x, y] = inputs as readonly [Tensor, Tensor];
    return [affine(y, cotangent), affine(x, cotangent)];
  },
  lower: (emitter, [x, y], { inputs }) => emitChannelDots(emitter, x!, y!, inputs[0]!.shape),
};

/** Sums over positions of x·y, both [N, C, ...]: [N, C]. */
export function channelDots(x: Tensor, y: Tensor): Tensor {
  return apply(op, [x, y], undefined);
}

/**
 * Emits the nodes of `channelDots`. On the CPU a product of matrices, without writing x·y to
 * memory.
 */
export function emitChannelDots(emitter: Emitter, x: string, y: string, shape: Shape): string {
  const [batch, channels] = shape as readonly [number, number];
  const domain = 'com.microsoft';
  const dots = emitter.ints([batch, channels]);
  if (hasBlocks(emitter, shape) && (isBlocked(emitter, x) || isBlocked(emitter, y))) {
    // All products of two channels of a block; those wanted are on the diagonal.
    const [left, right] = [x, y].map((name) =>
      blockMatrices(emitter, toBlocks(emitter, name), shape),
    ) as [string, string];
    const block = emitter.channelBlock;
    const pairs = emitter.node('FusedMatMul', [left, right], { domain, attributes: { transA: 1 } });
    const rows = emitter.node('Reshape', [pairs, emitter.ints([-1, block * block])]);
    const diagonal = emitter.constant(diagonalOf(block), [block]);
    const taken = emitter.node('Gather', [rows, diagonal], { attributes: { axis: 1 } });
    return emitter.node('Reshape', [taken, dots]);
  }
  if (emitter.target === 'cpu') {
    const rows = [x, y].map((name) =>
      emitter.node('Reshape', [name, emitter.ints([batch * channels, 1, -1])]),
    );
    const products = emitter.node('FusedMatMul', rows, { domain, attributes: { transB: 1 } });
    return emitter.node('Reshape', [products, dots]);
  }
  const rows = [x, y].map((name) =>
    emitter.node('Reshape', [name, emitter.ints([batch, channels, -1])]),
  );
  const product = emitter.node('Mul', rows);
  return emitter.node('ReduceSum', [product, emitter.ints([2])], { attributes: { keepdims: 0 } });
}

const diagonalOf = memoize((block: number) =>
  Int32Array.from({ length: block }, (_, i) => i * (block + 1)),
);
