import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, readNpy, writeNpy } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import type { FeatureNetwork } from '../../evaluate/index.ts';
import { sizeOf } from '../../graph/index.ts';
import { type Dataset, hasRun, pick, readAllScaled, readRecord } from '../../train/index.ts';
import { givenDatasetOptions } from '../dataset-options.ts';
import type { EvaluateOptions } from '../evaluate-options.ts';
import { loadShown } from '../load-progress.ts';
import { folderOfModel } from '../model-file.ts';
import type { Output } from '../output.ts';
import type { OpenedFeatures } from './feature-networks.ts';
import { featuresInBlocks } from './features-in-blocks.ts';

/** Features of a data set, what samples are compared with. */
export interface Reference {
  /** `[count, D]`. */
  readonly features: Float32Array;
  readonly count: number;
  /** The file that they are kept in. */
  readonly path: string;
}

/** Values that count as rounding of [0, 1]. */
const MARGIN = 1e-3;

/**
 * Features of all images of a set, from the cache where the same images went through the same
 * network before: the file is named after both hashes.
 * @throws UserError for images with values outside [0, 1].
 */
export async function referenceFeatures(
  dataset: Dataset,
  network: OpenedFeatures,
  output: Output,
  signal?: AbortSignal,
): Promise<Reference> {
  const { count, hash } = dataset;
  const name = [network.name, network.id.slice(0, 12), hash.slice(0, 24)].join('-');
  const path = join(cacheFolder(), 'features', `${name}.npy`);
  const kept = existsSync(path) ? await readNpy(path).catch(() => undefined) : undefined;
  const shape = [count, network.dimension];
  if (kept?.data instanceof Float32Array && kept.shape.join() === shape.join()) {
    return { features: kept.data, count, path };
  }
  const features = await featuresOf(dataset, network, output, signal);
  await writeNpy(path, features, shape);
  return { features, count, path };
}

async function featuresOf(
  dataset: Dataset,
  network: FeatureNetwork,
  output: Output,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { count, name, shape } = dataset;
  const read = (start: number, rows: number) => {
    signal?.throwIfAborted();
    const indices = Array.from({ length: rows }, (_, i) => start + i);
    const images = readAllScaled(pick(dataset, indices));
    checkRange(images, sizeOf(shape), start, name);
    return images;
  };
  const { features } = await featuresInBlocks(
    { network, count, read },
    `features of ${name}`,
    output,
  );
  return features;
}

/** @throws UserError naming the first image with a value outside [0, 1]. */
function checkRange(images: Float32Array, size: number, first: number, name: string): void {
  const bad = images.findIndex((value) => !(value >= -MARGIN && value <= 1 + MARGIN));
  if (bad < 0) return;
  throw new UserError(
    `${name}: image ${first + Math.floor(bad / size)} has the value ${images[bad]}; features are of images in [0, 1], scale them`,
  );
}

/** The data to compare with: what was named, or what the model's run was trained on. */
export async function loadReference(options: EvaluateOptions, output: Output): Promise<Dataset> {
  const own = givenDatasetOptions(options);
  if (options.data !== undefined) return loadShown(options.data, own, output);
  const run = options.model === undefined ? undefined : folderOfModel(options.model);
  if (run === undefined || !(await hasRun(run))) {
    throw new UserError('--data: is missing; give what to compare with, such as --data mnist');
  }
  const { source, options: recorded } = (await readRecord(run)).data;
  return loadShown(source, { ...recorded, ...own }, output);
}
