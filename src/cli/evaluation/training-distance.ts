/** The Fréchet distance of a model's samples while it trains: what paper A stops early by. */
import { UserError } from '../../errors.ts';
import { type FeatureNetwork, sampleFeatures } from '../../evaluate/index.ts';
import type { Dataset, EvaluationRecord, Evaluator } from '../../train/index.ts';
import type { Output } from '../output.ts';
import { createReferences, frechet, frechetName, type References } from './distances.ts';
import { type FeatureName, featureNames, featuresFor, openFeatures } from './feature-networks.ts';
import { referenceFeatures } from './reference.ts';

/** The evaluator's name in a run's record. */
const NAME = 'distance';

/** Steps of each chain before its first sample and between samples, at δ = σ/2, γδ = 1/2; at M = 1 unless the model is of another M. */
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

/** Metric `fid` or `fd-<features>`, lower is better. The same noise every time. */
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
      `--distance-chains ${chains} --distance-draws ${draws}: ${chains * draws} samples are too few for the covariance of ${network.dimension} ${network.name} features; at least ${network.dimension + 1} are needed`,
    );
  }
  return {
    ...{ name: NAME, every, metrics: { [metric]: 'lower' } },
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

/** What `mdensity train` is asked for; what a run was started with stands where nothing is given. */
export interface DistanceOptions {
  readonly distanceEvery?: number | undefined;
  readonly distanceChains?: number | undefined;
  readonly distanceDraws?: number | undefined;
  readonly features?: FeatureName | undefined;
  readonly threads?: number | undefined;
}

/** The evaluator that options, or the record of a run, ask for; none where there is none. */
export async function watchDistance(
  dataset: Dataset,
  options: DistanceOptions,
  { seed, recorded }: { readonly seed: number; readonly recorded?: EvaluationRecord },
  output: Output,
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
  const { features } = await referenceFeatures(dataset, network, output);
  const references = await createReferences(features, network.dimension, { threads });
  return [distanceEvaluator({ every, chains, draws, seed, network, references, threads })];
}

/** @throws UserError for settings of a distance that is not measured. */
function refuseSettings({ distanceChains, distanceDraws, features }: DistanceOptions): void {
  const given = Object.entries({
    '--distance-chains': distanceChains,
    '--distance-draws': distanceDraws,
    '--features': features,
  }).find(([, value]) => value !== undefined);
  if (given) throw new UserError(`${given.join(' ')}: of what? Give --distance-every too`);
}
