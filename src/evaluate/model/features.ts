import { createHash } from 'node:crypto';
import type { Dataset } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import { type FeatureNetwork, pixelFeatures } from '../feature-network.ts';
import { embeddedFeatureNames, embeddedFeatures } from '../features/embedded.ts';
import { openInception } from '../inception/open.ts';
import { readFeatureWeights } from './feature-weights.ts';
import { findInception } from './inception-file.ts';

/** What distances can be measured in. */
export const featureNames = [...embeddedFeatureNames, 'inception', 'pixels'] as const;

export type FeatureName = (typeof featureNames)[number];

/** A feature network that knows its weights. */
export interface OpenedFeatures extends FeatureNetwork {
  /** Changes with the weights. */
  readonly id: string;
}

export interface OpenFeatureOptions {
  /** Threads on the CPU; default: every core. */
  readonly threads?: number | undefined;
  /** Inception's weights file; default: the one that was fetched. */
  readonly inception?: string | undefined;
}

/**
 * Opens a feature network for images of a shape.
 * @throws UserError if it takes others.
 */
export async function openFeatures(
  name: FeatureName,
  shape: readonly number[],
  { threads, inception }: OpenFeatureOptions = {},
): Promise<OpenedFeatures> {
  if (shape.length !== 3 && name !== 'pixels') {
    throw new UserError(
      `features ${name}: takes images, these examples have shape [${shape.join(', ')}]; choose pixels`,
      { code: 'unsupported', facts: { option: 'features', value: name, shape } },
    );
  }
  const cores = threads === undefined ? {} : { threads };
  if (name === 'pixels') return { ...pixelFeatures(shape), id: 'pixels' };
  if (name === 'inception') {
    const { weights, source, hash } = await findInception(inception);
    return { ...(await openInception({ weights, source, shape, ...cores })), id: hash };
  }
  const weights = await readFeatureWeights(name);
  const network = await embeddedFeatures(name, weights, cores);
  if (network.shape.join() === shape.join()) return { ...network, id: sha256(weights) };
  await network.release();
  throw new UserError(
    `features ${name}: takes images [${network.shape.join(', ')}], these are [${shape.join(', ')}]; choose another of ${featureNames.join(', ')}`,
    { code: 'shape', facts: { option: 'features', value: name, shape, wanted: network.shape } },
  );
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Data sets with a network of their own, by how their names begin. */
const own: readonly (readonly [RegExp, FeatureName])[] = [
  [/^fashion/i, 'fashion'],
  [/^mnist/i, 'mnist'],
  [/^digits8/i, 'digits8'],
  [/cifar-?10/i, 'cifar10'],
];

/** Shapes of the embedded networks, for data of another name. */
const shapes: Readonly<Record<string, FeatureName>> = { '3,32,32': 'cifar10' };

/**
 * Finds the network for a data set where none is asked for.
 * @throws UserError if there is none.
 */
export function featuresFor({ name, shape }: Pick<Dataset, 'name' | 'shape'>): FeatureName {
  const found = own.find(([pattern]) => pattern.test(name))?.[1] ?? shapes[shape.join()];
  if (found !== undefined) return found;
  throw new UserError(
    `features: ${name} [${shape.join(', ')}] has no network of its own; choose one of ${featureNames.join(', ')}`,
    { code: 'unsupported', facts: { option: 'features', data: name, shape } },
  );
}

export interface FeatureChoice {
  readonly features?: FeatureName | undefined;
  readonly inception?: string | undefined;
  readonly fetchInception?: boolean;
}

/**
 * Chooses the network that options ask for: weights that are given are weights to measure with.
 * @throws UserError for Inception's weights beside other features, or data without a network of its
 * own.
 */
export function chooseFeatures(
  { features, inception, fetchInception }: FeatureChoice,
  dataset: Pick<Dataset, 'name' | 'shape'>,
): FeatureName {
  if (features !== undefined && features !== 'inception' && (fetchInception || inception)) {
    const other = fetchInception ? 'fetchInception' : 'inception';
    throw new UserError(
      `features ${features}: ${other} is for Inception features; leave one of the two out`,
      { code: 'mismatch', facts: { option: 'features', options: [other], value: features } },
    );
  }
  return features ?? (fetchInception || inception ? 'inception' : featuresFor(dataset));
}
