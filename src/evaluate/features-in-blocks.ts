import { pause } from '../pause.ts';
import type { Work } from '../progress.ts';
import type { FeatureNetwork, ImageFeatures } from './feature-network.ts';

/** Images that go through a network at a time. */
const BLOCK = 500;

export interface ImageSource {
  readonly network: FeatureNetwork;
  readonly count: number;
  /** Images `first` to `first + rows`, `[rows, ...shape]`. */
  readonly read: (first: number, rows: number) => Float32Array;
}

/** Makes the features and logits of many images. */
export async function featuresInBlocks(
  { network, count, read }: ImageSource,
  label: string,
  { signal, onProgress }: Work,
): Promise<ImageFeatures> {
  const { dimension, classes } = network;
  const features = new Float32Array(count * dimension);
  const logits = new Float32Array(count * classes.length);
  for (let first = 0; first < count; first += BLOCK) {
    signal?.throwIfAborted();
    const done = Math.min(count, first + BLOCK);
    const made = await network.run(read(first, done - first));
    features.set(made.features, first * dimension);
    logits.set(made.logits, first * classes.length);
    onProgress?.({ label, done, of: count, unit: 'images' });
    await pause();
  }
  return { features, logits };
}
