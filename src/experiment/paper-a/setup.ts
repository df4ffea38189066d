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
import { findPreset, networkKind, presets } from '../../nn/index.ts';
import type { Work } from '../../progress.ts';
import type { KernelName } from '../../sample/index.ts';
import { hasExperiment } from '../folder.ts';
import { joinFolders } from '../join.ts';
import type { Remote } from '../remote/pool.ts';
import type { Shard } from '../shard.ts';
import { classesOf } from './classes.ts';
import { estimateWalks, type WalksCost } from './cost.ts';
import { type PaperAProtocol, protocolSchema, scales, trainings } from './protocol.ts';
import { runExperiment } from './run.ts';
import { kind, openStore, type PaperARow, type PaperAStore } from './store.ts';

/** Paper A's experiment: what it is made of, and what stands in place of a scale's own settings. */
export interface PaperAOptions {
  /** A named set or a path: what samples are compared with. */
  readonly data: string;
  readonly dataOptions?: LoadOptions;
  /**
   * Models, each of which walks its own class, or if it is a family every class that no other has;
   * the other classes' are trained.
   */
  readonly model?: readonly string[] | undefined;
  /** σ̃ of each class; default: the models', or 1/4. */
  readonly classes?: readonly number[] | undefined;
  /** Preset of the networks that are trained. */
  readonly net?: string | undefined;
  readonly trainSteps?: number | undefined;
  readonly scale: PaperAProtocol['scale'];
  readonly features?: FeatureName | undefined;
  readonly inception?: string | undefined;
  readonly measurements?: readonly number[] | undefined;
  readonly frictions?: readonly number[] | undefined;
  readonly kernels?: readonly KernelName[] | undefined;
  /** Number of seeds. */
  readonly seeds?: number | undefined;
  readonly chains?: number | undefined;
  readonly draws?: number | undefined;
  readonly jumpEvery?: number | undefined;
  readonly burnIn?: number | undefined;
  readonly longDraws?: number | undefined;
  /** Walks at a time, each on a core of its own; default: every core. */
  readonly workers?: number | undefined;
  /** The part of the cells that is walked here; default: all. */
  readonly shard?: Shard | undefined;
  /** A queue whose workers do it, in place of processes of this machine. */
  readonly remote?: Remote | undefined;
  /** Folders of the same experiment whose rows are taken in first. */
  readonly join?: readonly string[] | undefined;
  /** Folder of the experiment. */
  readonly out: string;
  /** Say what it would cost, and do nothing. */
  readonly dryRun?: boolean | undefined;
  /** Told what is left before it begins; not told where nothing is. */
  readonly onCost?: ((cost: WalksCost) => void) | undefined;
}

/** What came of an experiment. */
export interface PaperAResult {
  readonly protocol: PaperAProtocol;
  readonly rows: readonly PaperARow[];
  /** False where cells are left to other parts. */
  readonly complete: boolean;
}

/** Presets of networks that GPS can be. */
export const estimatorNetworks = Object.keys(presets).filter(
  (name) => networkKind(presets[name]!.config) === 'estimator',
);

/**
 * Runs paper A's experiment, or goes on with it: members of a class, frictions, kernels, long
 * chains (Saremi, Srivastava & Bach 2023, section 5). Rows are kept in the folder as they are
 * found.
 *
 * @throws UserError for models, data and features that do not go together, and for a folder with
 * another protocol; (`memory`) for a model that so many processes cannot hold; (`stopped`) where
 * the signal ended it.
 */
export async function paperA(options: PaperAOptions, work: Work = {}): Promise<PaperAResult> {
  const { data: source, dataOptions: sourceOptions = {}, inception, out: folder } = options;
  const { workers = availableParallelism(), shard, remote, join: from = [], onCost } = options;
  const dataset = await loadDataset(source, { ...sourceOptions, ...work });
  const features = chooseFeatures(options, dataset);
  const network = await openFeatures(features, dataset.shape, { inception });
  const protocol = await protocolOf(options, dataset, network, work);
  const measuring = { shape: dataset.shape, features, inception };
  const tell = async (rows: readonly PaperARow[]) => {
    if (!onCost) return;
    const { signal } = work;
    const own = remote ? 1 : workers;
    const left = { protocol, rows, shard, comparing: measuring, workers: own, signal };
    const cost = await estimateWalks(left);
    if (cost) onCost(cost);
  };
  if (options.dryRun) {
    await network.release();
    const rows = hasExperiment(folder) ? (await openStore(folder, protocol)).rows : [];
    await tell(rows);
    return { protocol, rows, complete: false };
  }
  const store: PaperAStore = await openStore(folder, protocol);
  await joinFolders({ folder, store, protocol, kind, from });
  await tell(store.rows);
  const reference = await referenceFeatures(dataset, network, work);
  await network.release();
  const comparing = { ...measuring, reference: reference.path };
  const place = { folder, source, sourceOptions, workers, shard, remote };
  const complete = await runExperiment({ ...place, protocol, store, comparing }, work);
  return { protocol, rows: store.rows, complete };
}

/** The scale's protocol with what is given in place of its own. */
async function protocolOf(
  options: PaperAOptions,
  dataset: Dataset,
  network: OpenedFeatures,
  work: Work,
): Promise<PaperAProtocol> {
  const { scale, seeds, longDraws } = options;
  const own = scales[scale];
  const workers = options.remote ? 1 : (options.workers ?? availableParallelism());
  const classes = await classesOf({ ...options, workers }, dataset, work);
  const training = classes.some(({ hash }) => hash === undefined)
    ? trainingOf(options, dataset)
    : undefined;
  const { name, count, hash } = dataset;
  const protocol = protocolSchema.parse({
    experiment: 'paper-a',
    scale,
    classes,
    ...(training && { training }),
    data: { name, count, hash },
    features: { name: network.name, id: network.id },
    measurements: options.measurements ?? own.measurements,
    frictions: options.frictions ?? own.frictions,
    kernels: options.kernels ?? own.kernels,
    seeds: seeds === undefined ? own.seeds : Array.from({ length: seeds }, (_, seed) => seed),
    stepSize: own.stepSize,
    chains: options.chains ?? own.chains,
    draws: options.draws ?? own.draws,
    jumpEvery: options.jumpEvery ?? own.jumpEvery,
    burnIn: options.burnIn ?? own.burnIn,
    long: { ...own.long, ...(longDraws !== undefined && { draws: longDraws }) },
  });
  checkSamples(['fd'], protocol, network);
  checkData(['fd'], dataset, network);
  return protocol;
}

function trainingOf({ net, trainSteps, scale }: PaperAOptions, { shape }: Dataset) {
  const preset = net ?? (scale === 'full' ? 'cifar10' : defaultNet(shape));
  findPreset(preset);
  const own = trainings[scale];
  return { ...own, net: preset, ...(trainSteps !== undefined && { steps: trainSteps }) };
}

/** Small networks by the size of the images. */
function defaultNet(shape: readonly number[]): string {
  const found = { 8: 'digits8', 28: 'digits', 32: 'light32' }[shape.at(-1)!];
  if (found !== undefined) return found;
  throw new UserError(
    `net: is missing; no network is usual for examples [${shape.join(', ')}], give one of ${estimatorNetworks.join(', ')}`,
    { facts: { option: 'net', shape } },
  );
}
