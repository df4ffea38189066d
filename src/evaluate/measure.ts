/** An evaluation: samples of a model, compared with data, and how its chains mix. */

import { type Dataset, readAllScaled } from '../data/index.ts';
import { UserError } from '../errors.ts';
import {
  copies,
  coverage,
  frechet,
  frechetName,
  kernel,
  LOOKED_UP,
  type References,
} from './distances.ts';
import type { FeatureNetwork } from './feature-network.ts';
import {
  CHAIN_DRAWS,
  type ImageChainDiagnostics,
  imageChainDiagnostics,
  SLOW_CHAIN_DRAWS,
} from './image-chains.ts';
import type { KernelDistance } from './kernel-distance.ts';
import { type Closeness, memorisation } from './memorisation.ts';
import type { PrecisionRecall } from './precision-recall.ts';
import { lastOf } from './rows.ts';
import type { SampledFeatures } from './sampled-features.ts';

/** What can be measured, by the names that `--metrics` takes. */
export const metricNames = ['fd', 'kid', 'pr', 'memorisation', 'chains'] as const;

export type MetricName = (typeof metricNames)[number];

/** What was found; a metric that was not asked for is absent. */
export interface Findings {
  /** `fid` for Inception features, else `fd-<features>`. */
  readonly frechet?: { readonly name: string; readonly distance: number };
  readonly kernel?: KernelDistance;
  readonly coverage?: PrecisionRecall;
  readonly memorisation?: {
    readonly features: Closeness;
    /** Of the last jump of each chain, 1,000 at most. */
    readonly pixels: Closeness;
    /** Index of the training image nearest to each of those, in features. */
    readonly nearest: readonly number[];
  };
  readonly chains?: ImageChainDiagnostics;
}

/** Samples with their features; those of a file know no chains. */
export type Measured = Pick<SampledFeatures, 'features' | 'logits' | 'last'> & {
  readonly scoreCallsPerDraw?: number;
};

export interface MeasureOptions {
  readonly metrics: readonly MetricName[];
  readonly measured: Measured;
  readonly network: FeatureNetwork;
  readonly dataset: Dataset;
  /** Asked for where a metric compares with data. */
  readonly references: () => Promise<References>;
  /** Told what is measured next, and how many metrics are. */
  readonly onStage?: (metric: MetricName, done: number) => void;
}

/**
 * Measures samples by the metrics that are asked for.
 * @throws UserError for too few samples, saying how many are needed.
 */
export async function measure(options: MeasureOptions): Promise<Findings> {
  const { metrics, measured, network, references, onStage } = options;
  const { data } = measured.features;
  const samples = data as Float32Array;
  const found: { -readonly [name in keyof Findings]: Findings[name] } = {};
  for (const [done, metric] of metrics.entries()) {
    onStage?.(metric, done);
    if (metric === 'fd') {
      const distance = await frechet(samples, await references());
      found.frechet = { name: frechetName(network.name), distance };
    }
    if (metric === 'kid') found.kernel = await kernel(samples, await references());
    if (metric === 'pr') found.coverage = await coverage(samples, await references());
    if (metric === 'memorisation')
      found.memorisation = await memorised(options, await references());
    if (metric === 'chains') found.chains = chainsOf(measured, network);
  }
  return found;
}

/**
 * Checks that there are as many samples as a metric needs, before they are drawn.
 * @param source what says how many there are, for errors.
 * @throws UserError naming the metric.
 */
export function checkSamples(
  metrics: readonly MetricName[],
  { chains, draws }: { readonly chains: number; readonly draws: number },
  { name, dimension }: Pick<FeatureNetwork, 'name' | 'dimension'>,
  source?: string,
): void {
  const where = source ?? `chains ${chains} draws ${draws}`;
  const whose = source === undefined ? { option: 'chains', options: ['draws'] } : { path: source };
  if (metrics.includes('fd') && chains * draws <= dimension) {
    throw new UserError(
      `${where}: ${chains * draws} samples are too few for the covariance of ${dimension} ${name} features; at least ${dimension + 1} are needed, and ten times as many to trust the distance`,
      { facts: { ...whose, samples: chains * draws, least: dimension + 1 } },
    );
  }
  if (metrics.includes('chains') && draws < CHAIN_DRAWS) {
    throw new UserError(
      `${where}: chains need at least ${CHAIN_DRAWS} draws each to be judged; give more, or leave chains out of the metrics`,
      { facts: { ...whose, draws, least: CHAIN_DRAWS } },
    );
  }
}

/**
 * Checks that there is as much data as a distance needs, before samples are drawn.
 * @throws UserError naming the data.
 */
export function checkData(
  metrics: readonly MetricName[],
  { name, count }: Pick<Dataset, 'name' | 'count'>,
  features: Pick<FeatureNetwork, 'name' | 'dimension'>,
): void {
  // Every metric but `chains` is made with references, which have a covariance.
  if (metrics.every((metric) => metric === 'chains') || count > features.dimension) return;
  throw new UserError(
    `data ${name}: has ${count} images, too few for the covariance of ${features.dimension} ${features.name} features; at least ${features.dimension + 1} are needed`,
    { facts: { option: 'data', value: name, count, least: features.dimension + 1 } },
  );
}

function chainsOf({ features, logits, scoreCallsPerDraw = 1 }: Measured, network: FeatureNetwork) {
  const { classes } = network;
  return imageChainDiagnostics({ features, logits, classes, scoreCallsPerDraw });
}

async function memorised({ measured, dataset, network }: MeasureOptions, references: References) {
  const { dimension } = network;
  const byFeature = await copies(measured.features.data as Float32Array, references);
  const training = readAllScaled(dataset);
  const size = training.length / dataset.count;
  const looked = measured.last.subarray(0, LOOKED_UP * size);
  const byPixel = await memorisation({ samples: looked, training, dimension: size });
  const { data, shape } = measured.features;
  const samples = lastOf(data as Float32Array, shape[0], shape[1]).subarray(
    0,
    LOOKED_UP * dimension,
  );
  const shown = await memorisation({ samples, training: references.features, dimension });
  return {
    features: byFeature.samples,
    pixels: byPixel.samples,
    nearest: shown.nearest.map(({ index }) => index),
  };
}

/** Writes findings as lines for a person. */
export function describeFindings({
  frechet: distance,
  kernel: kid,
  coverage: covered,
  memorisation: memory,
  chains,
}: Findings): string[] {
  const lines: (readonly [string, string])[] = [];
  const digits = (value: number, count = 3) => value.toPrecision(count);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  if (distance) lines.push([distance.name, digits(distance.distance, 4)]);
  if (kid) lines.push(['kernel distance', `${digits(kid.mean)} ± ${digits(kid.standardError, 2)}`]);
  if (covered) {
    const { precision, recall, density, coverage: share } = covered;
    lines.push(['precision, recall', `${digits(precision)}, ${digits(recall)}`]);
    lines.push(['density, coverage', `${digits(density)}, ${digits(share)}`]);
  }
  if (memory) {
    const text = ({ share, medianRatio }: Closeness) =>
      `${percent(share)}, median ratio ${digits(medianRatio)}`;
    lines.push(['copies, by features', text(memory.features)]);
    lines.push(['copies, by pixels', text(memory.pixels)]);
  }
  if (chains) lines.push(...chainLines(chains));
  return lines.map(([name, value]) => `${name.padEnd(22)}${value}`);
}

function chainLines(chains: ImageChainDiagnostics): (readonly [string, string])[] {
  const {
    effectiveSamples,
    effectiveSamplesPerScoreCall: rate,
    rHat,
    longestStuck,
    classes,
  } = chains;
  // A draw of a walk takes two calls and more; samples of a file do not say how many.
  const known = chains.scoreCallsPerDraw > 1;
  const priced = known ? `, ${(1000 * rate).toPrecision(3)} per 1,000 score calls` : '';
  const lines: (readonly [string, string])[] = [
    [
      'effective samples',
      `${Math.round(effectiveSamples.median)} of ${chains.chains * chains.draws}${priced}${chains.draws < SLOW_CHAIN_DRAWS ? ', at most: longer chains tell' : ''}`,
    ],
    ['R̂ across chains', `${rHat.median.toFixed(3)}, largest ${rHat.largest.toFixed(3)}`],
    ['longest stuck', `${longestStuck.draws} of ${chains.draws} draws`],
  ];
  if (!classes) return lines;
  const { names, coverage: share, perChain, switchRate, longestStay } = classes;
  lines.push([
    'classes',
    `${Math.round(share * names.length)} of ${names.length} visited, ${perChain.toFixed(1)} by one chain, another after ${(100 * switchRate).toFixed(0)} % of draws`,
  ]);
  lines.push([
    'longest stay',
    `${longestStay.draws} of ${chains.draws} draws (${longestStay.name})`,
  ]);
  return lines;
}
