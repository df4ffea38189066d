import { apply, constant, type Op, type Tensor } from '../tensor.ts';
import type { ConvOptions } from './conv-shape.ts';
import { conv2d } from './conv2d.ts';
import { div } from './div.ts';
import { equal } from './equal.ts';
import { mul } from './mul.ts';
import { reduceSum } from './reduce-sum.ts';
import { where } from './where.ts';
import {
  addToPixels,
  asSingles,
  emitPool,
  inferPool,
  insideAlong,
  type Window,
  windowOf,
} from './window.ts';

const op: Op<Window> = {
  name: 'maxPool',
  infer: ([x], window) => inferPool('maxPool', x!, window),
  gradient: ({ inputs, output, attributes: window }, cotangent) => {
    const [x] = inputs as readonly [Tensor];
    const { size, stride, padding } = window;
    const [height, width] = output.shape.slice(2) as [number, number];
    // Every place of a window as a channel: a convolution with kernels that are 1 at one place.
    const places = constant(identity(size * size), [size * size, 1, size, size]);
    const taken = conv2d(asSingles(x), places, { stride, padding });
    const rows = insideAlong(x.shape[2]!, 0, height, window);
    const columns = insideAlong(x.shape[3]!, 1, width, window);
    const inside = constant(placesInside(rows, columns), [size * size, height, width]);
    // Ties share the gradient equally.
    const hit = mul(where(equal(taken, asSingles(output)), 1, 0), inside);
    const share = mul(hit, div(asSingles(cotangent), reduceSum(hit, 1)));
    return [addToPixels(share, places, x.shape, window)];
  },
  lower: (emitter, [x], { output, attributes }) =>
    emitPool(emitter, 'MaxPool', x!, output.shape, attributes),
};

const identity = (size: number) =>
  Float32Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));

/**
 * 1 where a place (row and column of the window) is inside the image: [place, window row, window
 * column].
 */
function placesInside(rows: readonly boolean[][], columns: readonly boolean[][]): Float32Array {
  const places = [...rows[0]!.keys()].flatMap((a) => [...columns[0]!.keys()].map((b) => [a, b]));
  return Float32Array.from(
    places.flatMap(([a, b]) =>
      rows.flatMap((row) => columns.map((column) => Number(row[a!] && column[b!]))),
    ),
  );
}

/**
 * Takes the largest values of windows of size × size, which lie side by side unless `options` say
 * otherwise: [N, C, H, W] → [N, C, h, w], h = ⌊(H + 2·padding − size)/stride⌋ + 1. Padding is at
 * most half of `size` and never the largest.
 */
export function maxPool(x: Tensor, size = 2, options: ConvOptions = {}): Tensor {
  return apply(op, [x], windowOf(size, options));
}
