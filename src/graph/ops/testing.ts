/** Convolutions and their adjoints as plain loops, for tests. */
import { sizeOf } from '../tensor.ts';

export type Shape4 = readonly [number, number, number, number];

export interface Sizes {
  readonly x: Shape4;
  readonly w: Shape4;
  readonly y: Shape4;
  readonly stride: number;
  readonly padding: readonly [number, number];
}

/** Calls `visit` with the flat indices of every product y[n,o,i,j] += x[n,c,..]·w[o,c,..]. */
function forEachProduct(
  { x, w, y, stride, padding }: Sizes,
  visit: (ix: number, iw: number, iy: number) => void,
): void {
  const [batch, channels, height, width] = x;
  const [outputs, , kh, kw] = w;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < y[2]; i++)
        for (let j = 0; j < y[3]; j++)
          for (let c = 0; c < channels; c++)
            for (let a = 0; a < kh; a++)
              for (let b = 0; b < kw; b++) {
                const [row, column] = [i * stride + a - padding[0], j * stride + b - padding[1]];
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                visit(
                  ((n * channels + c) * height + row) * width + column,
                  ((o * channels + c) * kh + a) * kw + b,
                  ((n * outputs + o) * y[2] + i) * y[3] + j,
                );
              }
}

/** One of the three: the sum over products of two factors, at the index of the third. */
export function sumProducts(sizes: Sizes, into: 'x' | 'w' | 'y', a: Float32Array, b: Float32Array) {
  const result = new Float64Array(sizeOf(sizes[into]));
  forEachProduct(sizes, (x, w, y) => {
    if (into === 'y') result[y]! += a[x]! * b[w]!;
    else if (into === 'x') result[x]! += a[y]! * b[w]!;
    else result[w]! += a[x]! * b[y]!;
  });
  return result;
}

export function sizesOf(
  x: Shape4,
  w: Shape4,
  stride: number,
  padding: number | readonly [number, number],
): Sizes {
  const pads = typeof padding === 'number' ? ([padding, padding] as const) : padding;
  const after = (i: 0 | 1) => Math.floor((x[2 + i]! + 2 * pads[i] - w[2 + i]!) / stride) + 1;
  return { x, w, y: [x[0], w[0], after(0), after(1)], stride, padding: pads };
}
