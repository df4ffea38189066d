/** What is left of an experiment, and how long this machine takes for it. */
import { availableParallelism } from 'node:os';
import type { Denoiser } from '../../density/index.ts';
import { type OpenedFeatures, openFeatures } from '../../evaluate/model/features.ts';
import { sizeOf } from '../../graph/index.ts';
import { createModel, exportDenoiser, openDenoiser } from '../../model/index.ts';
import { initializeParameters } from '../../nn/index.ts';
import { fillNormal, randomKey } from '../../random.ts';
import { loadModel } from '../../run/model-file.ts';
import { isIn, type Shard } from '../shard.ts';
import {
  type BestFriction,
  costOf,
  firstCells,
  followingCells,
  type PaperACell,
  type PaperAProtocol,
} from './protocol.ts';
import type { PaperARow } from './store.ts';
import { bestFrictions } from './summary.ts';
import type { Comparing } from './tasks.ts';
import { atClass, modelOfClass } from './train-class.ts';

/** The walks that are left, and their price. */
export interface WalksCost {
  readonly walks: number;
  /** Of all chains of all of them. */
  readonly scoreCalls: number;
  /** Images whose features are needed. */
  readonly samples: number;
  /** Classes whose models are trained here; what is left of that is not counted. */
  readonly trainings: number;
  /** Of one chain on one core, measured; the mean over the score calls. */
  readonly secondsPerScoreCall: number;
  /** Of one image on one core, measured. */
  readonly secondsPerSample: number;
  /** Walks at a time that this machine does. */
  readonly workers: number;
  /** Walking and features; distances between them are not counted. */
  readonly seconds: number;
}

/** What walks are left: the cells without a row, of one part of the experiment. */
export interface WalksLeft {
  readonly protocol: PaperAProtocol;
  /** Cells that are finished. */
  readonly rows: readonly PaperARow[];
  readonly shard?: Shard | undefined;
}

export interface WalksCostOptions extends WalksLeft {
  readonly comparing: Pick<Comparing, 'shape' | 'features' | 'inception'>;
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists the cells that are left. Before the grid is walked no friction is known to be the best, and
 * none changes a price: what follows stands here at the first, of every class.
 */
export function cellsLeft({ protocol, rows, shard }: WalksLeft): PaperACell[] {
  const finished = new Set(rows.map(({ id }) => id));
  const isLeft = ({ id }: PaperACell) => !finished.has(id);
  const own = (cells: readonly PaperACell[]) => cells.filter((_, i) => isIn(shard, i));
  const grid = firstCells(protocol);
  const best: BestFriction = grid.some(isLeft)
    ? () => protocol.frictions[0]
    : bestFrictions(rows, protocol);
  return [...own(grid), ...own(followingCells(protocol, best))].filter(isLeft);
}

/**
 * Counts what is left, and measures a few calls of each model and of the feature network: what the
 * machine does beside them counts too. Nothing where nothing is left.
 *
 * @throws UserError as `loadModel` and `openFeatures`.
 */
export async function estimateWalks(options: WalksCostOptions): Promise<WalksCost | undefined> {
  const { protocol, comparing, signal } = options;
  const cells = cellsLeft(options);
  if (cells.length === 0) return undefined;
  const classes = protocol.classes.filter((each) =>
    cells.some(({ sigma }) => sigma === each.sigma),
  );
  let [scoreCalls, samples, seconds] = [0, 0, 0];
  for (const each of classes) {
    signal?.throwIfAborted();
    const own = cells.filter(({ sigma }) => sigma === each.sigma);
    const calls = own.reduce((sum, cell) => sum + costOf(cell, protocol), 0);
    scoreCalls += calls;
    samples += own.reduce((sum, cell) => sum + samplesOf(cell, protocol), 0);
    seconds += calls * (await timeScore(each, options));
  }
  const { features, shape, inception } = comparing;
  signal?.throwIfAborted();
  const network = await openFeatures(features, shape, { threads: 1, inception });
  const secondsPerSample = await timeFeatures(network, Math.min(MOST_IMAGES, protocol.chains));
  const workers = Math.min(options.workers, availableParallelism(), cells.length);
  return {
    walks: cells.length,
    scoreCalls,
    samples,
    trainings: classes.filter(({ hash }) => hash === undefined).length,
    secondsPerScoreCall: seconds / scoreCalls,
    secondsPerSample,
    workers,
    seconds: (seconds + samples * secondsPerSample) / workers,
  };
}

function samplesOf({ stage }: PaperACell, protocol: PaperAProtocol): number {
  const { chains, draws } = stage === 'long' ? protocol.long : protocol;
  return chains * draws;
}

/** Seconds of a score call of one chain: of the class's model, or of one that is like it. */
async function timeScore(
  { sigma, model, hash }: PaperAProtocol['classes'][number],
  { protocol, comparing: { shape } }: WalksCostOptions,
): Promise<number> {
  const device = { device: 'cpu', threads: 1 } as const;
  const file = hash === undefined ? await untrained(sigma, protocol, shape) : undefined;
  const opened = await (file ? openDenoiser(file, model, device) : loadModel(model, device));
  try {
    return await timeRows((rows) => denoise(atClass(opened, sigma), rows), protocol.chains);
  } finally {
    await opened.release();
  }
}

/** A model of the network that is to be trained, which is as fast before. */
function untrained(sigma: number, { training }: PaperAProtocol, shape: readonly number[]) {
  const config = modelOfClass(training!.net, sigma, shape);
  return exportDenoiser(config, initializeParameters(createModel(config).specs, 0));
}

async function denoise({ shape, sigma, denoise: run }: Denoiser, rows: number): Promise<void> {
  const y = new Float32Array(rows * sizeOf(shape));
  fillNormal(randomKey(0), 0, y);
  for (let i = 0; i < y.length; i++) y[i] = 0.5 + sigma * y[i]!;
  await run(y, new Float32Array(y.length));
}

/** Images that the feature network is timed on: it fills its own batches up. */
const MOST_IMAGES = 64;

/** Seconds of an image. */
async function timeFeatures(network: OpenedFeatures, count: number): Promise<number> {
  const images = new Float32Array(count * sizeOf(network.shape)).fill(0.5);
  try {
    const began = performance.now();
    await network.run(images);
    return (performance.now() - began) / 1000 / count;
  } finally {
    await network.release();
  }
}

/** Seconds of a call after which no larger one is timed. */
const LONG_ENOUGH = 0.5;

/** Seconds of a row, in calls of ever more rows up to `most`. */
async function timeRows(run: (rows: number) => Promise<unknown>, most: number): Promise<number> {
  // The first call also pays for memory that later ones find allocated.
  await run(1);
  for (let rows = 1; ; rows = Math.min(most, 2 * rows)) {
    const began = performance.now();
    await run(rows);
    const seconds = (performance.now() - began) / 1000;
    if (rows >= most || seconds >= LONG_ENOUGH) return seconds / rows;
  }
}
