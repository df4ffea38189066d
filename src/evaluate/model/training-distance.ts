/** The Fréchet distance of a model's samples while it trains: what paper A stops early by. */

import type { Dataset } from '../../data/index.ts';
import { UserError } from '../../errors.ts';
import type { Work } from '../../progress.ts';
import type { EvaluationRecord, Evaluator } from '../../run/index.ts';
import { createReferences, frechet, frechetName, type References } from '../distances.ts';
import type { FeatureNetwork } from '../feature-network.ts';
import { sampleFeatures } from '../sampled-features.ts';
import { type FeatureName, featureNames, featuresFor, openFeatures } from './features.ts';
import { referenceFeatures } from './reference.ts';

/** The evaluator's name in a run's record. */
const NAME = 'distance';

/**
 * Steps of each chain before its first sample and between samples, at δ = σ/2, γδ = 1/2; at M = 1
 * unless the model is of another M.
 */
const [BURN_IN, JUMP_EVERY] = [100, 10] as const;

export interface DistanceEvaluatorOptions {
  /** Steps between distances. */
  readonly every: number;
  readonly chains: number;
  /** Samples of each chain. Paper A takes 125 chains × 400. */
  readonly draws: number;
  readonly seed: number;
  readonly network: FeatureNetwork;
  readonly references: References;
  readonly threads?: number | undefined;
}

/**
 * Makes the evaluator of metric `fid` or `fd-<features>`, lower is better. The same noise every
 * time.
 */
export function distanceEvaluator({
  every,
  chains,
  draws,
  seed,
  network,
  references,
  threads,
}: DistanceEvaluatorOptions): Evaluator {
  const metric = frechetName(network.name);
  if (chains * draws <= network.dimension) {
    throw new UserError(
      `distanceChains ${chains} distanceDraws ${draws}: ${chains * draws} samples are too few for the covariance of ${network.dimension} ${network.name} features; at least ${network.dimension + 1} are needed`,
      {
        facts: {
          option: 'distanceChains',
          options: ['distanceDraws'],
          samples: chains * draws,
          least: network.dimension + 1,
        },
      },
    );
  }
  return {
    name: NAME,
    every,
    metrics: { [metric]: 'lower' },
    settings: { features: network.name, chains, draws },
    evaluate: async ({ denoiser, signal }) => {
      const walk = {
        chains,
        seed,
        burnIn: BURN_IN,
        jumpEvery: JUMP_EVERY,
        ...(signal && { signal }),
      };
      const { features } = await sampleFeatures({ denoiser, network, walk, draws, keep: 0 });
      const samples = features.data as Float32Array;
      return { metrics: { [metric]: await frechet(samples, references, { threads }) } };
    },
  };
}

/**
 * What `mdensity train` is asked for; what a run was started with stands where nothing is given.
 */
export interface DistanceOptions {
  readonly distanceEvery?: number | undefined;
  readonly distanceChains?: number | undefined;
  readonly distanceDraws?: number | undefined;
  readonly features?: FeatureName | undefined;
  readonly threads?: number | undefined;
}

/** Makes the evaluator that options, or the record of a run, ask for; none where there is none. */
export async function watchDistance(
  dataset: Dataset,
  options: DistanceOptions,
  { seed, recorded }: { readonly seed: number; readonly recorded?: EvaluationRecord },
  work: Work = {},
): Promise<Evaluator[]> {
  const every = options.distanceEvery ?? recorded?.every[NAME] ?? 0;
  if (every === 0) {
    refuseSettings(options);
    return [];
  }
  const before = recorded?.settings?.[NAME];
  const chains = options.distanceChains ?? Number(before?.chains ?? 100);
  const draws = options.distanceDraws ?? Number(before?.draws ?? 20);
  const kept = featureNames.find((name) => name === before?.features);
  const name = options.features ?? kept ?? featuresFor(dataset);
  const { threads } = options;
  const network = await openFeatures(name, dataset.shape, { threads });
  const { features } = await referenceFeatures(dataset, network, work);
  const references = await createReferences(features, network.dimension, { threads });
  return [distanceEvaluator({ every, chains, draws, seed, network, references, threads })];
}

/** @throws UserError for settings of a distance that is not measured. */
function refuseSettings({ distanceChains, distanceDraws, features }: DistanceOptions): void {
  const given = Object.entries({ distanceChains, distanceDraws, features });
  const found = given.find(([, value]) => value !== undefined);
  if (found === undefined) return;
  const [option, value] = found;
  throw new UserError(`${option} ${value}: of what? Give distanceEvery too`, {
    facts: { option, options: ['distanceEvery'], value },
  });
}
