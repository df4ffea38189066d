import { readNpy } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { asBytes } from '../../evaluate/index.ts';
import { sizeOf } from '../../graph/index.ts';
import type { Dataset } from '../../train/index.ts';
import type { Output } from '../output.ts';
import type { Measured } from './evaluation.ts';
import type { OpenedFeatures } from './feature-networks.ts';
import { featuresInBlocks } from './features-in-blocks.ts';
import { lastOf } from './rows.ts';

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
  const size = sizeOf(shape);
  const read = (first: number, rows: number) => shown.subarray(first * size, (first + rows) * size);
  const source = { network, count: chains * draws, read };
  const { features, logits } = await featuresInBlocks(source, 'features', output);
  return {
    features: { data: features, shape: [chains, draws, network.dimension] },
    logits: { data: logits, shape: [chains, draws, network.classes.length] },
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
