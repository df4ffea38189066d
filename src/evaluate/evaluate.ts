import { checkedDataset, type Dataset, pick, readAllScaled } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { sizeOf } from '../graph/index.ts';
import type { Work } from '../progress.ts';
import type { Draws } from '../sample/index.ts';
import { createReferences, type References } from './distances.ts';
import { type FeatureNetwork, pixelFeatures } from './feature-network.ts';
import { featuresInBlocks } from './features-in-blocks.ts';
import { CHAIN_DRAWS } from './image-chains.ts';
import {
  checkData,
  checkSamples,
  type Findings,
  type MetricName,
  measure,
  metricNames,
} from './measure.ts';
import { lastOf } from './rows.ts';
import { asBytes } from './sampled-features.ts';

/** Samples by chain: what `collect` gives, or any array of that shape. */
export type Samples = Pick<Draws, 'data' | 'shape'> & Partial<Pick<Draws, 'scoreCalls'>>;

export interface EvaluateOptions extends Work {
  /** What to measure. Default: all that so many draws of a chain allow. */
  readonly metrics?: readonly MetricName[];
  /** Features that are compared. Default: the pixels themselves. */
  readonly network?: FeatureNetwork;
}

/**
 * Measures samples against data: Fréchet and kernel distance, precision and recall, copies, and how
 * chains mix. Distances are made in the features of `network`; only those in Inception's are FID.
 *
 * @example
 * const draws = await collect(walkJump(model, { chains: 100, steps: 200, jumpEvery: 10 }));
 * const { frechet } = await evaluate(draws, digits);
 *
 * @param samples `[chains, draws, ...shape]`, values about [0, 1].
 *
 * @throws UserError (`shape`) for samples of another shape than the data's; for fewer samples or
 *   data than the features have dimensions.
 */
export async function evaluate(
  samples: Samples,
  given: Dataset,
  options: EvaluateOptions = {},
): Promise<Findings> {
  const dataset = checkedDataset(given);
  const { shape, name } = dataset;
  const [chains, draws, ...example] = samples.shape;
  if (example.join() !== shape.join()) {
    throw new UserError(
      `samples: have shape [${example.join(', ')}], examples of ${name} [${shape.join(', ')}]; compare like with like`,
      { code: 'shape', facts: { shape: example, wanted: shape } },
    );
  }
  const { network = pixelFeatures(shape) } = options;
  const metrics =
    options.metrics ?? metricNames.filter((metric) => metric !== 'chains' || draws >= CHAIN_DRAWS);
  checkSamples(metrics, { chains, draws }, network, 'samples');
  checkData(metrics, dataset, network);
  const shown = asBytes(samples.data);
  const size = sizeOf(shape);
  const read = (first: number, rows: number) => shown.subarray(first * size, (first + rows) * size);
  const source = { network, count: chains * draws, read };
  const { features, logits } = await featuresInBlocks(source, 'features of samples', options);
  const scoreCallsPerDraw = samples.scoreCalls && samples.scoreCalls / draws;
  let references: Promise<References> | undefined;
  return measure({
    measured: {
      features: { data: features, shape: [chains, draws, network.dimension] },
      logits: { data: logits, shape: [chains, draws, network.classes.length] },
      last: lastOf(shown, chains, draws),
      ...(scoreCallsPerDraw && { scoreCallsPerDraw }),
    },
    network,
    dataset,
    metrics,
    references: () => {
      references ??= referencesOf(dataset, network, options);
      return references;
    },
  });
}

async function referencesOf(dataset: Dataset, network: FeatureNetwork, work: Work) {
  const read = (first: number, rows: number) =>
    readAllScaled(
      pick(
        dataset,
        Array.from({ length: rows }, (_, i) => first + i),
      ),
    );
  const source = { network, count: dataset.count, read };
  const { features } = await featuresInBlocks(source, `features of ${dataset.name}`, work);
  return createReferences(features, network.dimension);
}
