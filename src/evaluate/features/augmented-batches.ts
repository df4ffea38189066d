import { allocate, type Dataset } from '../../data/dataset.ts';
import { fillBits, permutation, randomKey } from '../../random.ts';

/** Streams of randomness of a training, each its own key below the seed. */
const stream = { order: 1, move: 2 } as const;

export interface AugmentOptions {
  readonly seed: number;
  /** Images per batch. */
  readonly batch: number;
  /** Largest shift, in pixels, in each direction; pixels at the edge are repeated. */
  readonly shift: number;
  /** Mirror images left to right at random. */
  readonly flip: boolean;
}

/**
 * Makes the endless sequence of batches of a labelled set: images in shuffled epochs, each shifted
 * and mirrored at random. Batch i is a function of the seed and i alone.
 *
 * @returns A function that writes batch `index` (from 0): images `[batch, ...shape]` in [0, 1], and
 * their labels `[batch]`.
 */
export function augmentedBatches(
  dataset: Dataset,
  { seed, batch, shift, flip }: AugmentOptions,
): (index: number, images: Float32Array, labels: Uint8Array) => void {
  const { count, dtype, read } = dataset;
  const [channels, height, width] = dataset.shape as readonly [number, number, number];
  const size = channels * height * width;
  const scale = dtype === 'uint8' ? 1 / 255 : 1;
  const image = allocate(dtype, size);
  const bits = new Uint32Array(batch);
  let shuffled = { epoch: -1, order: new Uint32Array(0) as Uint32Array };
  const exampleAt = (position: number) => {
    const epoch = Math.floor(position / count);
    if (shuffled.epoch !== epoch) {
      shuffled = { epoch, order: permutation(randomKey(seed, stream.order, epoch), count) };
    }
    return shuffled.order[position % count]!;
  };
  const offset = (word: number) => (word % (2 * shift + 1)) - shift;
  return (index, images, labels) => {
    fillBits(randomKey(seed, stream.move), index, bits);
    for (let i = 0; i < batch; i++) {
      const example = exampleAt(index * batch + i);
      labels[i] = dataset.labels![example]!;
      read(example, image, 0);
      // Of one random word: the lowest bit mirrors, the next 15 shift rows, the rest columns.
      const word = bits[i]!;
      const move = { down: offset((word >>> 1) & 0x7fff), right: offset(word >>> 16) };
      const mirrored = flip && (word & 1) === 1;
      let to = i * size;
      for (let plane = 0; plane < size; plane += height * width) {
        for (let y = 0; y < height; y++) {
          const row = plane + clamp(y - move.down, height) * width;
          for (let x = 0; x < width; x++) {
            const from = clamp((mirrored ? width - 1 - x : x) - move.right, width);
            images[to++] = image[row + from]! * scale;
          }
        }
      }
    }
  };
}

const clamp = (place: number, size: number) => Math.min(size - 1, Math.max(0, place));
