import { poissonNoise, sampleMeasurements } from '../density/index.ts';
import { sizeOf } from '../graph/index.ts';
import { fillBits, fillNormal, type Key, permutation, randomKey } from '../random.ts';
import type { Dataset, Values } from './dataset.ts';

/** Streams of randomness of a run, each its own key below the seed. */
const stream = { order: 1, noise: 2, flip: 3, bytes: 4 } as const;

export interface BatchOptions {
  readonly seed: number;
  /** Examples per batch. */
  readonly batch: number;
  /** Mirror images left to right at random. */
  readonly flip: boolean;
  /** Draw counts at this rate, in place of noise. */
  readonly rate?: number | undefined;
  /** What is added to x before it is counted. Default 0. */
  readonly background?: number | undefined;
}

export interface Batches {
  /**
   * Writes batch number `index` (from 0) of the run: examples in shuffled epochs, with standard normal noise
   * or with their counts.
   */
  fill(index: number, x: Uint8Array | Float32Array, noise: Float32Array): void;
}

/**
 * The endless sequence of batches of a data set. Batch i is a function of the seed and i alone, so
 * a resumed run needs no more than its step number to go on with the same examples and noise.
 */
export function createBatches(
  dataset: Dataset,
  { seed, batch, flip, rate, background = 0 }: BatchOptions,
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
  return {
    fill: (index, x, noise) => {
      for (let i = 0; i < batch; i++) {
        dataset.read(exampleAt(index * batch + i), x, i * size);
      }
      if (flip) {
        fillBits(randomKey(seed, stream.flip), index, bits);
        for (let i = 0; i < batch; i++) {
          if (bits[i]! & 1) mirror(x.subarray(i * size, (i + 1) * size), width);
        }
      }
      if (rate === undefined) fillNormal(randomKey(seed, stream.noise), index, noise);
      else noise.set(drawCounts(x, { rate, background }, randomKey(seed, stream.noise, index)));
    },
  };
}

/** Counts s ~ Poisson(rate · (x + background)) of examples as they are stored: bytes hold [0, 1]. */
export function drawCounts(
  x: Values,
  { rate, background = 0 }: { readonly rate: number; readonly background?: number | undefined },
  key: Key,
): Float64Array {
  const unit = x instanceof Uint8Array ? 255 : 1;
  const intensities = Float64Array.from(x, (value) => value / unit + background);
  return sampleMeasurements(poissonNoise(rate, 1), intensities, x.length, key);
}

/** Uniform bytes for mask number `mask` of batch number `index`. */
export function drawBytes(seed: number, mask: number, index: number, out: Uint8Array): void {
  const words = new Uint32Array(Math.ceil(out.length / 4));
  fillBits(randomKey(seed, stream.bytes, mask), index, words);
  out.set(new Uint8Array(words.buffer, 0, out.length));
}

function mirror(image: Uint8Array | Float32Array, width: number): void {
  for (let row = 0; row < image.length; row += width) image.subarray(row, row + width).reverse();
}
