import { readNpy } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { sizeOf } from '../../graph/index.ts';
import type { Dataset } from '../../train/index.ts';
import type { Output } from '../output.ts';
import type { Measured } from './evaluation.ts';
import type { OpenedFeatures } from './feature-networks.ts';
import { checkRange } from './reference.ts';

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
  // A jump may lie a little outside; what an image file holds of it does not.
  const clamped = images.map((value) => Math.min(1, Math.max(0, value)));
  if (!mostlyInRange(images)) checkRange(images, sizeOf(shape), 0, path);
  const [chains, draws] = axes === 1 ? [found[0]!, 1] : [found[0]!, found[1]!];
  return {
    ...(await featuresOf(clamped, chains, draws, network, output)),
    last: lastOf(clamped, chains, draws),
  };
}

/** Whether images are of [0, 1], but for the little that a jump may lie outside. */
function mostlyInRange(images: Float32Array): boolean {
  let outside = 0;
  for (const value of images) if (!(value >= -0.5 && value <= 1.5)) outside++;
  return outside < 0.01 * images.length;
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
