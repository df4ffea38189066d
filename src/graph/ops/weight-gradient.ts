import type { Emitter } from '../emitter.ts';
import { toBlocks } from './blocks.ts';
import { memoize } from './memo.ts';

/** Sizes of a convolution: x [n, c, h, w], y [n, o, outH, outW], kernel kh × kw. */
export interface ConvSizes {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly o: number;
  readonly outH: number;
  readonly outW: number;
  readonly kh: number;
  readonly kw: number;
  readonly stride: number;
  /** Zeros on each side of height and width. */
  readonly padding: readonly [number, number];
}

export interface Operands {
  readonly x: string;
  readonly y: string;
  readonly sizes: ConvSizes;
}

/** Largest number of parts the batch is summed in; enough to keep every core at work. */
const PARTS = 4;

/**
 * Computes the weight gradient at stride 1 as one batched matrix product, for the CPU.
 *
 * dW[o, c, a, b] = Σ y[n, o, r − a + p, v] · x[n, c, r, v + b − p] over examples n, rows r of x and
 * columns v of y. The kernel's column b only shifts x and its row a only shifts y, so with the kw
 * shifts of x side by side as X [n·r·v, kw·c] and the kh shifts of y as Y [kh·o, n·r·v], the
 * product Y·X holds every tap. A gather makes shift, padding and layout in one pass; what lies
 * outside is a row of zeros.
 */
export function weightGradientByShifts(emitter: Emitter, { x, y, sizes }: Operands): string {
  const { n, c, h, w, o, outH, outW, kh, kw, padding } = sizes;
  const parts = partsOf(n);
  const inner = (n / parts) * h * outW;
  const block = pixelBlock(emitter, c);
  const pixels = pixelRows(emitter, x, sizes, block);
  const fromX = shiftedPixels(n, c / block, h, w, outW, kw, padding[1]);
  const right = gatherRows(emitter, pixels, block, fromX, [parts, inner, kw * c]);
  const lines = emitter.node('Reshape', [y, emitter.ints([n * o * outH, outW])]);
  const fromY = shiftedLines(parts, n, o, h, outH, kh, padding[0]);
  const left = gatherRows(emitter, lines, outW, fromY, [parts, kh * o, inner]);
  const products = emitter.node('MatMul', [left, right]);
  const sum = sumOverFirst(emitter, products);
  const taps = emitter.node('Reshape', [sum, emitter.ints([kh, o, kw, c])]);
  return emitter.node('Transpose', [taps], { attributes: { perm: [1, 3, 0, 2] } });
}

/**
 * Computes the weight gradient at any stride: the patches of x under each output pixel, gathered as
 * rows [outH·outW, kh·kw·c] of each example, from the left times y. Nine times the memory of x,
 * where the form by shifts takes three.
 */
export function weightGradientByPatches(emitter: Emitter, { x, y, sizes }: Operands): string {
  const { n, c, h, w, o, outH, outW, kh, kw, stride, padding } = sizes;
  const block = pixelBlock(emitter, c);
  const pixels = pixelRows(emitter, x, sizes, block);
  const from = patches(n, c / block, h, w, outH, outW, kh, kw, stride, ...padding);
  const right = gatherRows(emitter, pixels, block, from, [n, outH * outW, kh * kw * c]);
  const left = emitter.node('Reshape', [y, emitter.ints([n, o, outH * outW])]);
  const products = emitter.node('MatMul', [left, right]);
  const sum = sumOverFirst(emitter, products);
  const taps = emitter.node('Reshape', [sum, emitter.ints([o, kh, kw, c])]);
  return emitter.node('Transpose', [taps], { attributes: { perm: [0, 3, 1, 2] } });
}

/**
 * Computes the weight gradient of a 1×1 kernel: Σ over examples of y [o, h·w] times x [c, h·w]
 * transposed.
 */
export function pointwiseWeightGradient(emitter: Emitter, { x, y, sizes }: Operands): string {
  const { n, c, o, h, w } = sizes;
  const [left, right] = [
    emitter.node('Reshape', [y, emitter.ints([n, o, h * w])]),
    emitter.node('Reshape', [x, emitter.ints([n, c, h * w])]),
  ];
  const options = { domain: 'com.microsoft', attributes: { transB: 1 } };
  const products = emitter.node('FusedMatMul', [left, right], options);
  return emitter.node('Reshape', [sumOverFirst(emitter, products), emitter.ints([o, c, 1, 1])]);
}

/** Channels that lie together in a row of `pixelRows`. */
const pixelBlock = ({ channelBlock }: Emitter, channels: number) =>
  channelBlock > 0 && channels % channelBlock === 0 ? channelBlock : channels;

/**
 * x as rows of `block` channels: row ((n·C/block + c)·h + y)·w + x. The forward pass reorders the
 * same way.
 */
function pixelRows(emitter: Emitter, x: string, { n, c, h, w }: ConvSizes, block: number): string {
  const moved =
    block === c && block !== emitter.channelBlock
      ? emitter.node('Transpose', [x], { attributes: { perm: [0, 2, 3, 1] } })
      : toBlocks(emitter, x);
  return emitter.node('Reshape', [moved, emitter.ints([(n * c * h * w) / block, block])]);
}

/** Rows by index, where −1 is a row of zeros: the last row appended here. */
function gatherRows(
  emitter: Emitter,
  rows: string,
  width: number,
  indices: Int32Array,
  shape: readonly number[],
): string {
  const zeros = emitter.constant(zeroRow(width), [1, width]);
  const extended = emitter.node('Concat', [rows, zeros], { attributes: { axis: 0 } });
  // A negative index counts from the end, where the zeros are.
  const index = emitter.constant(indices, [indices.length]);
  const taken = emitter.node('Gather', [extended, index], { attributes: { axis: 0 } });
  return emitter.node('Reshape', [taken, emitter.ints(shape)]);
}

const sumOverFirst = (emitter: Emitter, products: string) =>
  emitter.node('ReduceSum', [products, emitter.ints([0])], { attributes: { keepdims: 0 } });

const zeroRow = memoize((width: number) => new Float32Array(width));

/** Largest divisor of the batch up to `PARTS`. */
function partsOf(n: number): number {
  let parts = Math.min(PARTS, n);
  while (n % parts !== 0) parts--;
  return parts;
}

/** Order: example, row of x, column of y; kernel column, channel block. */
const shiftedPixels = memoize(
  (n: number, blocks: number, h: number, w: number, outW: number, kw: number, padding: number) => {
    const indices = new Int32Array(n * h * outW * kw * blocks);
    let k = 0;
    for (let image = 0; image < n; image++)
      for (let row = 0; row < h; row++)
        for (let v = 0; v < outW; v++)
          for (let b = 0; b < kw; b++)
            for (let c = 0; c < blocks; c++) {
              const column = v + b - padding;
              const inside = column >= 0 && column < w;
              indices[k++] = inside ? ((image * blocks + c) * h + row) * w + column : -1;
            }
    return indices;
  },
);

/** Order: part, kernel row, output channel; example of the part, row of x. */
const shiftedLines = memoize(
  (parts: number, n: number, o: number, h: number, outH: number, kh: number, padding: number) => {
    const indices = new Int32Array(kh * o * n * h);
    const each = n / parts;
    let k = 0;
    for (let part = 0; part < parts; part++)
      for (let a = 0; a < kh; a++)
        for (let channel = 0; channel < o; channel++)
          for (let i = 0; i < each; i++)
            for (let row = 0; row < h; row++) {
              const line = row - a + padding;
              const inside = line >= 0 && line < outH;
              indices[k++] = inside ? ((part * each + i) * o + channel) * outH + line : -1;
            }
    return indices;
  },
);

/** Order: example, row and column of y; kernel row and column, channel block. */
const patches = memoize(
  (
    n: number,
    blocks: number,
    h: number,
    w: number,
    outH: number,
    outW: number,
    kh: number,
    kw: number,
    stride: number,
    top: number,
    left: number,
  ) => {
    const indices = new Int32Array(n * outH * outW * kh * kw * blocks);
    let k = 0;
    for (let image = 0; image < n; image++)
      for (let u = 0; u < outH; u++)
        for (let v = 0; v < outW; v++)
          for (let a = 0; a < kh; a++)
            for (let b = 0; b < kw; b++)
              for (let c = 0; c < blocks; c++) {
                const [row, column] = [u * stride + a - top, v * stride + b - left];
                const inside = row >= 0 && row < h && column >= 0 && column < w;
                indices[k++] = inside ? ((image * blocks + c) * h + row) * w + column : -1;
              }
    return indices;
  },
);
