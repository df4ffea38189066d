import { availableParallelism } from 'node:os';
import type { Dataset } from '../../data/index.ts';
import { type LoadOptions, loadDataset } from '../../data/node/index.ts';
import { UserError } from '../../errors.ts';
import {
  checkData,
  checkSamples,
  chooseFeatures,
  type FeatureName,
  type OpenedFeatures,
  openFeatures,
  referenceFeatures,
} from '../../evaluate/model/index.ts';
import type { Work } from '../../progress.ts';
import { joinFolders } from '../join.ts';
import type { Remote } from '../remote/pool.ts';
import type { Shard } from '../shard.ts';
import { entriesOf, entryNames } from './entries.ts';
import { type ComparisonProtocol, protocolSchema, scales } from './protocol.ts';
import { type ComparisonRow, kind, openStore } from './row.ts';
import { runComparison } from './run.ts';

/**
 * A comparison of parametrizations: what is learned, and what stands in place of a scale's own
 * settings.
 */
export interface ParametrizationsOptions {
  /** A named set or a path. */
  readonly data: string;
  readonly dataOptions?: LoadOptions;
  /** Which; default: all. */
  readonly parametrizations?: readonly string[] | undefined;
  /** σ of one measurement. */
  readonly sigma: number;
  /** M, 2 or more. */
  readonly measurements: number;
  readonly steps?: number | undefined;
  readonly batch?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly heldOut?: number | undefined;
  readonly costMeasurements?: readonly number[] | undefined;
  readonly chains?: number | undefined;
  readonly draws?: number | undefined;
  readonly jumpEvery?: number | undefined;
  readonly burnIn?: number | undefined;
  readonly friction?: number | undefined;
  readonly features?: FeatureName | undefined;
  readonly inception?: string | undefined;
  readonly seed: number;
  /** Trainings and walks at a time, each on a core of its own; default: every core. */
  readonly workers?: number | undefined;
  /** The part of the parametrizations that is compared here; default: all. */
  readonly shard?: Shard | undefined;
  /** A queue whose workers do it, but for what measures the cost. */
  readonly remote?: Remote | undefined;
  /** Folders of the same comparison whose rows are taken in first. */
  readonly join?: readonly string[] | undefined;
  /** Folder of the comparison. */
  readonly out: string;
}

/**
 * Trains each parametrization at equal budget, or goes on with it: held-out loss, time, distance,
 * mixing, equivariance, and cost as M grows. Rows are kept in the folder as they are found.
 *
 * @throws UserError for data, networks and features that do not go together, and for a folder with
 * another protocol; (`stopped`) where the signal ended it.
 */
export async function compareParametrizations(
  options: ParametrizationsOptions,
  work: Work = {},
): Promise<{
  readonly protocol: ComparisonProtocol;
  readonly rows: readonly ComparisonRow[];
  /** False where parametrizations are left to other parts. */
  readonly complete: boolean;
}> {
  const { data: source, dataOptions: sourceOptions = {}, inception, out: folder } = options;
  const { workers = availableParallelism(), shard, remote, join: from = [] } = options;
  const dataset = await loadDataset(source, { ...sourceOptions, ...work });
  const features = chooseFeatures(options, dataset);
  const network = await openFeatures(features, dataset.shape, { inception });
  const protocol = protocolOf(options, dataset, network);
  const store = await openStore(folder, protocol);
  const reference = await referenceFeatures(dataset, network, work);
  await network.release();
  const comparing = { shape: dataset.shape, features, inception, reference: reference.path };
  await joinFolders({ folder, store, protocol, kind, from });
  const bytes = dataset.dtype === 'uint8';
  const place = { folder, source, sourceOptions, workers, shard, remote };
  const complete = await runComparison({ ...place, protocol, store, comparing, bytes }, work);
  return { protocol, rows: store.rows, complete };
}

/** What the size of the images decides, with what is given in its place. */
function protocolOf(
  options: ParametrizationsOptions,
  dataset: Dataset,
  network: OpenedFeatures,
): ComparisonProtocol {
  const { sigma, measurements, seed, steps, batch, learningRate } = options;
  const { chains, draws, jumpEvery, burnIn, friction } = options;
  checkMeasurements(measurements);
  const { name, count, hash, shape } = dataset;
  const entries = entriesOf(options.parametrizations ?? entryNames, dataset);
  const own = scales[shape.at(-1)!]!;
  const members = options.costMeasurements ?? own.cost.measurements;
  const protocol = protocolSchema.parse({
    experiment: 'parametrizations',
    data: { name, count, hash },
    shape,
    entries,
    features: { name: network.name, id: network.id },
    sigma,
    measurements,
    seed,
    permutations: own.permutations,
    training: { ...own.training, ...given({ steps, batch, learningRate }) },
    heldOut: heldOutOf(options, dataset),
    walk: { ...own.walk, ...given({ chains, draws, jumpEvery, burnIn, friction }) },
    cost: {
      ...own.cost,
      measurements: [...new Set([...members, measurements])].sort((a, b) => a - b),
    },
  });
  checkSamples(['fd'], protocol.walk, network);
  checkData(['fd'], dataset, network);
  return protocol;
}

const given = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Most examples held out where nothing is said. */
const HELD_OUT = 1000;

function heldOutOf({ heldOut }: ParametrizationsOptions, { name, count }: Dataset): number {
  const number = heldOut ?? Math.max(1, Math.min(HELD_OUT, Math.floor(count / 10)));
  if (number < count) return number;
  throw new UserError(
    `heldOut ${number}: nothing would be left to train on of the ${count} examples of ${name}; give at most ${count - 1}`,
    { facts: { option: 'heldOut', value: number, most: count - 1 } },
  );
}

function checkMeasurements(measurements: number): void {
  if (measurements > 1) return;
  throw new UserError(
    `measurements ${measurements}: a single measurement is its own mean, and there is nothing to compare; give at least 2`,
    { facts: { option: 'measurements', value: measurements, least: 2 } },
  );
}
