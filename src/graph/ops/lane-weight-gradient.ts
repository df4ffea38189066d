import type { Emitter } from '../emitter.ts';
import { blockedNode, toBlocks } from './blocks.ts';
import { memoize } from './memo.ts';
import type { ConvSizes, Operands } from './weight-gradient.ts';

/** Kernel positions of one lane: more, and a block of the kernel no longer fits a core's cache. */
const POSITIONS = 200;
/** Bytes of kernel that one group of lanes walks through for 64 output channels. */
const GROUP_BYTES = 1 << 20;

/** How the sum over examples and positions is split. */
interface Lanes {
  /** Parts of an image's height. */
  readonly parts: number;
  /** Groups of lanes, summed at the end. */
  readonly groups: number;
}

/**
 * Computes the weight gradient at stride 1 as one blocked convolution, for the CPU.
 *
 * dW[o, c, a, b] = Σ y[n, o, u, v] · x[n, c, u + a − p, v + b − p] is a convolution in which y is
 * the kernel, as large as the image, and examples are its input channels. Channels of x lie side by
 * side in the width, [row][column][c], where a dilation of C steps from column to column: the
 * result is kh rows of kw·C values for every o, long rows, which the convolution is fast at. An
 * image is cut into parts of its height, so that a lane's kernel stays in cache and examples ×
 * parts are whole blocks. x and y are copied once, y even without its border; a matrix product
 * would need copies of both for every kernel column or row.
 */
export function weightGradientByLanes(
  emitter: Emitter,
  { x, y, sizes }: Operands,
  { parts, groups }: Lanes,
): string {
  const { c, o, outH, outW, kh, kw } = sizes;
  const input = laneInput(emitter, x, sizes, parts);
  const kernel = laneKernel(emitter, y, sizes, { parts, groups });
  const made = blockedNode(emitter, 'Conv', [input, kernel], {
    kernel_shape: [outH / parts, outW],
    strides: [1, 1],
    dilations: [1, c],
    pads: [0, 0, 0, 0],
    group: groups,
  });
  const each = emitter.ints([groups, o, kh, kw * c]);
  const sum =
    groups === 1
      ? made
      : emitter.node('ReduceSum', [emitter.node('Reshape', [made, each]), emitter.ints([0])], {
          attributes: { keepdims: 1 },
        });
  const taps = blockedNode(emitter, 'ReorderOutput', [sum], { channels: o });
  const last = emitter.node('Reshape', [taps, emitter.ints([o, kh, kw, c])]);
  return emitter.node('Transpose', [last], { attributes: { perm: [0, 3, 1, 2] } });
}

/**
 * Chooses how to split a convolution, where that can be done: channels and lanes in whole blocks.
 */
export function chooseLanes({ channelBlock }: Emitter, sizes: ConvSizes): Lanes | undefined {
  const { n, c, o, outH, outW, kh } = sizes;
  if (channelBlock === 0 || c % channelBlock !== 0 || o % channelBlock !== 0) return undefined;
  const whole = Array.from({ length: outH }, (_, i) => i + 1).filter(
    (parts) => outH % parts === 0 && (n * parts) % channelBlock === 0,
  );
  const parts = whole.find((count) => (outH / count) * outW <= POSITIONS) ?? whole.at(-1);
  if (parts === undefined) return undefined;
  const blocks = (n * parts) / channelBlock;
  const sets = Math.ceil(o / 64);
  const bytes = (channelBlock * Math.min(o, 64) * outH * outW * 4) / parts;
  const fits = Array.from({ length: blocks }, (_, i) => i + 1).filter(
    (count) => blocks % count === 0,
  );
  // Two cores share groups × sets × kernel rows: an even number where there can be one.
  const groups =
    fits.find(
      (count) => (blocks / count) * bytes <= GROUP_BYTES && (count * sets * kh) % 2 === 0,
    ) ?? blocks;
  return { parts, groups };
}

/**
 * x as [1, lanes, rows + kh − 1, (outW + kw − 1)·C], borders filled with zeros, lanes in blocks.
 */
function laneInput(emitter: Emitter, x: string, sizes: ConvSizes, parts: number): string {
  const { n, c, h, w, outH, outW, kh, kw, padding } = sizes;
  const block = emitter.channelBlock;
  const [height, width] = [outH / parts + kh - 1, outW + kw - 1];
  // The convolution that adds a row of zeros copies faster than appending does.
  const ones = emitter.constant(onesOf(c), [c, 1, 1, 1]);
  const padded = blockedNode(emitter, 'Conv', [toBlocks(emitter, x), ones], {
    kernel_shape: [1, 1],
    strides: [1, 1],
    pads: [0, 0, 1, 0],
    group: c,
  });
  const pixels = (n * c * (h + 1) * w) / block;
  const source = emitter.node('Reshape', [padded, emitter.ints([pixels, block])]);
  const order = inputRows(n, c / block, h, w, parts, height, width, ...padding, outH / parts);
  const index = emitter.constant(order, [order.length]);
  const taken = emitter.node('Gather', [source, index], { attributes: { axis: 0 } });
  const images = emitter.node('Reshape', [taken, emitter.ints([1, n * parts, height, width * c])]);
  return blockedNode(emitter, 'ReorderInput', [images], {});
}

/** y as kernels of lanes, in the blocked order of weights. */
function laneKernel(
  emitter: Emitter,
  y: string,
  { n, o, outH, outW }: ConvSizes,
  { parts, groups }: Lanes,
): string {
  const block = emitter.channelBlock;
  const pixels = emitter.ints([(n * o * outH * outW) / block, block]);
  const source = emitter.node('Reshape', [toBlocks(emitter, y), pixels]);
  const order = kernelRows(n, o / block, outH, outW, parts, groups, block);
  const index = emitter.constant(order, [order.length]);
  const taken = emitter.node('Gather', [source, index], { attributes: { axis: 0 } });
  const shape = [groups * o, (n * parts) / groups, outH / parts, outW];
  return emitter.node('Reshape', [taken, emitter.ints(shape)]);
}

const onesOf = memoize((length: number) => new Float32Array(length).fill(1));

/**
 * Order: lane (part of height, example), row, column, channel block. Outside is the row of zeros.
 */
const inputRows = memoize(
  (
    n: number,
    blocks: number,
    h: number,
    w: number,
    parts: number,
    height: number,
    width: number,
    top: number,
    left: number,
    step: number,
  ) => {
    const indices = new Int32Array(parts * n * height * width * blocks);
    let k = 0;
    for (let part = 0; part < parts; part++)
      for (let image = 0; image < n; image++)
        for (let i = 0; i < height; i++)
          for (let j = 0; j < width; j++)
            for (let c = 0; c < blocks; c++) {
              const [row, column] = [part * step + i - top, j - left];
              const inside = row >= 0 && row < h && column >= 0 && column < w;
              const start = (image * blocks + c) * (h + 1) * w;
              indices[k++] = start + (inside ? row * w + column : h * w);
            }
    return indices;
  },
);

/** Order: group, output block, lane block of the group, row, column; lane. */
const kernelRows = memoize(
  (
    n: number,
    blocks: number,
    outH: number,
    outW: number,
    parts: number,
    groups: number,
    laneBlock: number,
  ) => {
    const indices = new Int32Array(n * blocks * outH * outW);
    const [rows, laneBlocks] = [outH / parts, (n * parts) / laneBlock / groups];
    let k = 0;
    for (let group = 0; group < groups; group++)
      for (let o = 0; o < blocks; o++)
        for (let l = 0; l < laneBlocks; l++)
          for (let i = 0; i < rows; i++)
            for (let v = 0; v < outW; v++)
              for (let inner = 0; inner < laneBlock; inner++) {
                const lane = (group * laneBlocks + l) * laneBlock + inner;
                const [part, image] = [Math.floor(lane / n), lane % n];
                indices[k++] = ((image * blocks + o) * outH + part * rows + i) * outW + v;
              }
    return indices;
  },
);
