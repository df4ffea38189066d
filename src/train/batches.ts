import type { Dataset, Values } from '../data/dataset.ts';
import { poissonNoise, sampleMeasurements } from '../density/index.ts';
import { sizeOf } from '../graph/index.ts';
import { fillBits, fillNormal, type Key, permutation, randomKey } from '../random.ts';

/** Streams of randomness of a run, each its own key below the seed. */
const stream = { order: 1, noise: 2, flip: 3, bytes: 4 } as const;

export interface BatchOptions {
  readonly seed: number;
  /** Examples per batch. */
  readonly batch: number;
  /** Mirror images left to right at random. */
  readonly flip: boolean;
  /**
   * Give every second example the noise of the one before it, turned around: what a gradient has of
   * odd order in the noise cancels between the two, and no example is seen less often. The batch is
   * even. Default false.
   */
  readonly antithetic?: boolean;
  /** Draw counts at this rate, in place of noise. */
  readonly rate?: number | undefined;
  /** What is added to x before it is counted. Default 0. */
  readonly background?: number | undefined;
}

export interface Batches {
  /**
   * Writes batch number `index` (from 0) of the run: examples in shuffled epochs, with standard
   * normal noise or with their counts.
   */
  fill(index: number, x: Uint8Array | Float32Array, noise: Float32Array): void;
  /** Indices in the data set of the examples of batch number `index`. */
  places(index: number): number[];
}

/**
 * Creates the endless sequence of batches of a data set. Batch i is a function of the seed and i
 * alone, so a resumed run needs no more than its step number to go on with the same examples and
 * noise.
 */
export function createBatches(
  dataset: Dataset,
  { seed, batch, flip, antithetic = false, rate, background = 0 }: BatchOptions,
): Batches {
  const size = sizeOf(dataset.shape);
  const width = dataset.shape.at(-1)!;
  const bits = new Uint32Array(batch);
  let shuffled = { epoch: -1, order: new Uint32Array(0) as Uint32Array };
  const exampleAt = (position: number) => {
    const epoch = Math.floor(position / dataset.count);
    if (shuffled.epoch !== epoch) {
      shuffled = { epoch, order: permutation(randomKey(seed, stream.order, epoch), dataset.count) };
    }
    return shuffled.order[position % dataset.count]!;
  };
  const places = (index: number) =>
    Array.from({ length: batch }, (_, i) => exampleAt(index * batch + i));
  return {
    places,
    fill: (index, x, noise) => {
      for (const [i, place] of places(index).entries()) dataset.read(place, x, i * size);
      if (flip) {
        fillBits(randomKey(seed, stream.flip), index, bits);
        for (let i = 0; i < batch; i++) {
          if (bits[i]! & 1) mirror(x.subarray(i * size, (i + 1) * size), width);
        }
      }
      const key = randomKey(seed, stream.noise);
      if (antithetic) fillPairs(key, index, noise, batch);
      else if (rate === undefined) fillNormal(key, index, noise);
      else noise.set(drawCounts(x, { rate, background }, randomKey(seed, stream.noise, index)));
    },
  };
}

/**
 * Counts s ~ Poisson(rate · (x + background)) of examples as they are stored: bytes hold [0, 1].
 */
export function drawCounts(
  x: Values,
  { rate, background = 0 }: { readonly rate: number; readonly background?: number | undefined },
  key: Key,
): Float64Array {
  const unit = x instanceof Uint8Array ? 255 : 1;
  const intensities = Float64Array.from(x, (value) => value / unit + background);
  return sampleMeasurements(poissonNoise(rate, 1), intensities, x.length, key);
}

/** Draws uniform bytes for mask number `mask` of batch number `index`. */
export function drawBytes(seed: number, mask: number, index: number, out: Uint8Array): void {
  const words = new Uint32Array(Math.ceil(out.length / 4));
  fillBits(randomKey(seed, stream.bytes, mask), index, words);
  out.set(new Uint8Array(words.buffer, 0, out.length));
}

/** Standard normal rows, each odd one the negative of the one before it. */
function fillPairs(key: Key, index: number, noise: Float32Array, rows: number): void {
  const size = noise.length / rows;
  const half = noise.subarray(0, noise.length / 2);
  fillNormal(key, index, half);
  // From the end: a row is read before anything is written over it.
  for (let pair = rows / 2 - 1; pair >= 0; pair--) {
    const [from, to] = [pair * size, 2 * pair * size];
    noise.copyWithin(to, from, from + size);
    for (let i = 0; i < size; i++) noise[to + size + i] = -noise[to + i]!;
  }
}

function mirror(image: Uint8Array | Float32Array, width: number): void {
  for (let row = 0; row < image.length; row += width) image.subarray(row, row + width).reverse();
}
