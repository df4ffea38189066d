import type { FeatureNetwork, ImageFeatures } from '../../evaluate/index.ts';
import type { Output } from '../output.ts';

/** Images that go through a network at a time. */
const BLOCK = 500;

export interface ImageSource {
  readonly network: FeatureNetwork;
  readonly count: number;
  /** Images `first` to `first + rows`, `[rows, ...shape]`. */
  readonly read: (first: number, rows: number) => Float32Array;
}

/** Features and logits of many images, with a progress bar where they are more than one block. */
export async function featuresInBlocks(
  { network, count, read }: ImageSource,
  label: string,
  output: Output,
): Promise<ImageFeatures> {
  const { dimension, classes } = network;
  const features = new Float32Array(count * dimension);
  const logits = new Float32Array(count * classes.length);
  const bar = output.progress(label, count);
  const start = performance.now();
  try {
    for (let first = 0; first < count; first += BLOCK) {
      const done = Math.min(count, first + BLOCK);
      const made = await network.run(read(first, done - first));
      features.set(made.features, first * dimension);
      logits.set(made.logits, first * classes.length);
      const rate = done / ((performance.now() - start) / 1000);
      const note = `${Math.round(rate)} images/s`;
      if (count > BLOCK) bar.update(done, { secondsLeft: (count - done) / rate, note });
    }
  } finally {
    bar.stop();
  }
  return { features, logits };
}
