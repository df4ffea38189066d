import { readNpy } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { asBytes } from '../../evaluate/index.ts';
import { sizeOf } from '../../graph/index.ts';
import type { Dataset } from '../../train/index.ts';
import type { Output } from '../output.ts';
import type { Measured } from './evaluation.ts';
import type { OpenedFeatures } from './feature-networks.ts';

/** Images that go through a network at a time. */
const BLOCK = 500;

/**
 * Samples of a file, with their features: `[n, ...shape]`, or `[chains, draws, ...shape]` as
 * `mdensity sample` writes them; bytes, or floats in [0, 1].
 * @throws UserError for images of another shape or range than the data's.
 */
export async function readSamples(
  path: string,
  { shape, name }: Pick<Dataset, 'shape' | 'name'>,
  network: OpenedFeatures,
  output: Output,
): Promise<Measured> {
  const { data, shape: found } = await readNpy(path);
  const axes = found.length - shape.length;
  if ((axes !== 1 && axes !== 2) || found.slice(axes).join() !== shape.join()) {
    throw new UserError(
      `${path}: has shape [${found.join(', ')}], images of ${name} are [${shape.join(', ')}]; give [n, ${shape.join(', ')}] or [chains, draws, ${shape.join(', ')}]`,
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Float32Array)) {
    throw new UserError(`${path}: holds no bytes and no float32; save it as one of them`);
  }
  const images = data instanceof Uint8Array ? Float32Array.from(data, (byte) => byte / 255) : data;
  checkSampleRange(images, sizeOf(shape), path);
  const shown = asBytes(images);
  const [chains, draws] = axes === 1 ? [found[0]!, 1] : [found[0]!, found[1]!];
  if (chains * draws === 0) throw new UserError(`${path}: holds no images; give some`);
  return {
    ...(await featuresOf(shown, chains, draws, network, output)),
    last: lastOf(shown, chains, draws),
  };
}

/** Share of values that may lie further outside [0, 1] than `OUTSIDE`: jumps do, a little. */
const [OUTSIDE, SHARE] = [0.5, 0.01] as const;

/** @throws UserError for images of another range, or numbers that are not finite. */
function checkSampleRange(images: Float32Array, size: number, path: string): void {
  let [outside, first] = [0, -1];
  for (let at = 0; at < images.length; at++) {
    const value = images[at]!;
    if (value >= -OUTSIDE && value <= 1 + OUTSIDE) continue;
    if (first < 0 || !Number.isFinite(value)) first = at;
    outside++;
    if (!Number.isFinite(value)) break;
  }
  if (first < 0 || (outside < SHARE * images.length && Number.isFinite(images[first]!))) return;
  throw new UserError(
    `${path}: image ${Math.floor(first / size)} has the value ${images[first]}; features are of images in [0, 1], scale them`,
  );
}

async function featuresOf(
  images: Float32Array,
  chains: number,
  draws: number,
  network: OpenedFeatures,
  output: Output,
) {
  const { dimension, classes } = network;
  const count = chains * draws;
  const size = images.length / count;
  const features = new Float32Array(count * dimension);
  const logits = new Float32Array(count * classes.length);
  const bar = output.progress('features', count);
  const start = performance.now();
  for (let at = 0; at < count; at += BLOCK) {
    const made = await network.run(images.subarray(at * size, (at + BLOCK) * size));
    features.set(made.features, at * dimension);
    logits.set(made.logits, at * classes.length);
    const done = Math.min(count, at + BLOCK);
    const rate = done / ((performance.now() - start) / 1000);
    bar.update(done, { secondsLeft: (count - done) / rate, note: `${Math.round(rate)} images/s` });
  }
  bar.stop();
  return {
    features: { data: features, shape: [chains, draws, dimension] as const },
    logits: { data: logits, shape: [chains, draws, classes.length] as const },
  };
}

/** The last image of each chain. */
function lastOf(images: Float32Array, chains: number, draws: number): Float32Array {
  const size = images.length / (chains * draws);
  const last = new Float32Array(chains * size);
  for (let chain = 0; chain < chains; chain++) {
    const row = ((chain + 1) * draws - 1) * size;
    last.set(images.subarray(row, row + size), chain * size);
  }
  return last;
}
