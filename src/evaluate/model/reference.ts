import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, pick, readAllScaled } from '../../data/index.ts';
import {
  cacheFolder,
  type LoadOptions,
  loadDataset,
  readNpy,
  writeNpy,
} from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import { sizeOf } from '../../graph/index.ts';
import type { Work } from '../../progress.ts';
import { dataOfRun, hasRun, readRecord } from '../../run/index.ts';
import { folderOfModel } from '../../run/model-file.ts';
import type { FeatureNetwork } from '../feature-network.ts';
import { featuresInBlocks } from '../features-in-blocks.ts';
import type { OpenedFeatures } from './features.ts';

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
 * Gives the features of all images of a set, from the cache where the same images went through the
 * same network before: the file is named after both hashes.
 *
 * @throws UserError for images with values outside [0, 1].
 */
export async function referenceFeatures(
  dataset: Dataset,
  network: OpenedFeatures,
  work: Work = {},
): Promise<Reference> {
  const { count, hash } = dataset;
  const name = [network.name, network.id.slice(0, 12), hash.slice(0, 24)].join('-');
  const path = join(cacheFolder(), 'features', `${name}.npy`);
  const kept = existsSync(path) ? await readNpy(path).catch(() => undefined) : undefined;
  const shape = [count, network.dimension];
  if (kept?.data instanceof Float32Array && kept.shape.join() === shape.join()) {
    return { features: kept.data, count, path };
  }
  const features = await featuresOf(dataset, network, work);
  await writeNpy(path, features, shape);
  return { features, count, path };
}

async function featuresOf(
  dataset: Dataset,
  network: FeatureNetwork,
  work: Work,
): Promise<Float32Array> {
  const { count, name, shape } = dataset;
  const read = (start: number, rows: number) => {
    const indices = Array.from({ length: rows }, (_, i) => start + i);
    const images = readAllScaled(pick(dataset, indices));
    checkRange(images, sizeOf(shape), start, name);
    return images;
  };
  const { features } = await featuresInBlocks(
    { network, count, read },
    `features of ${name}`,
    work,
  );
  return features;
}

/** @throws UserError naming the first image with a value outside [0, 1]. */
function checkRange(images: Float32Array, size: number, first: number, name: string): void {
  const bad = images.findIndex((value) => !(value >= -MARGIN && value <= 1 + MARGIN));
  if (bad < 0) return;
  throw new UserError(
    `${name}: image ${first + Math.floor(bad / size)} has the value ${images[bad]}; features are of images in [0, 1], scale them`,
    {
      facts: {
        data: name,
        image: first + Math.floor(bad / size),
        value: images[bad],
        least: 0,
        most: 1,
      },
    },
  );
}

/** What says which data samples are compared with. */
export interface ReferenceChoice {
  /** A named set or a path; default: what the model's run learned from. */
  readonly data?: string | undefined;
  readonly dataOptions?: LoadOptions;
  /** What `locateModel` takes. */
  readonly model?: string | undefined;
}

/**
 * Loads the data to compare with: what is named, or what the model's run was trained on.
 *
 * @throws UserError where there is neither.
 */
export async function loadReference(
  { data, dataOptions = {}, model }: ReferenceChoice,
  work: Work = {},
): Promise<Dataset> {
  if (data !== undefined) return loadDataset(data, { ...dataOptions, ...work });
  const run = model === undefined ? undefined : folderOfModel(model);
  if (run === undefined || !(await hasRun(run))) {
    throw new UserError('data: is missing; give what to compare with, such as mnist', {
      code: 'not-found',
      facts: { option: 'data' },
    });
  }
  const record = await readRecord(run);
  return loadDataset(dataOfRun(record), { ...record.data.options, ...dataOptions, ...work });
}
