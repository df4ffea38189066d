import { allocate, type Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { type Device, resolveDevice, sizeOf } from '../graph/index.ts';
import type { DenoiserModel } from '../model/index.ts';
import { countParameters, initializeParameters } from '../nn/index.ts';
import { callSize, createFeeder } from './calls.ts';
import type { Checkpoint } from './checkpoint.ts';
import { learningRate, type TrainingConfig } from './config.ts';
import { watchLosses } from './divergence.ts';
import { availableMemory, checkMemory } from './memory.ts';
import { optimizers } from './optimizers/index.ts';
import {
  compileStep,
  type StepOptions,
  type StepResult,
  type Vectors,
  vectorNames,
} from './step.ts';
import { checkConditions } from './told.ts';

export interface TrainerOptions {
  readonly model: DenoiserModel;
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number | undefined;
  /** Where to go on from. */
  readonly checkpoint?: Checkpoint;
  /**
   * Most steps in one call of the runtime. Default: as many as make handing out the state cheap.
   */
  readonly stepsPerCall?: number;
  /**
   * Parameters [P] to start from, in the order of the model's specs. Default: as the network
   * starts.
   */
  readonly start?: Float32Array | undefined;
  /** Bytes that training may take on the CPU. Default: what the machine has free. */
  readonly memory?: number;
}

/** What one step reports. */
export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  /**
   * ‖x − ν_θ(ȳ)‖² summed over dimensions, averaged over the batch, before the update. Of a family
   * of noise levels each example counts 1/c_out² = 1/σ̃² + 1/σ_d² times.
   */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** A model being trained. Nothing here touches files. */
export interface Trainer {
  /** Steps made. */
  readonly step: number;
  /** One update of the parameters. @throws DivergedError if losses have left all bounds. */
  next(): Promise<StepReport>;
  /**
   * Up to `most` updates, at least one, in one call of the runtime: what it costs to hand the
   * parameters in and out is paid once. An update whose parts take long goes in several calls; if
   * the signal is aborted between them, it is not made, and there is nothing to report.
   *
   * @throws DivergedError if losses have left all bounds.
   */
  advance(most: number, signal?: AbortSignal): Promise<StepReport[]>;
  /** Everything needed to go on from here. */
  checkpoint(): Promise<Checkpoint>;
  /** The moving average of the parameters [P] alone. */
  average(): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Creates a trainer of a model on a data set, from its start or a checkpoint.
 *
 * @throws UserError if data, model and configuration do not go together, or memory is too little.
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { model, config, checkpoint } = options;
  const { batch, microBatches, seed } = config;
  checkFit(options);
  const plan = await planStep(options);
  const graph = await compileStep(plan, checkpoint?.vectors ?? startingVectors(options));
  const fill = createFeeder({ ...options, masks: graph.masks });
  const watch = watchLosses(model, options.dataset, checkpoint);
  const copied = 4 * countParameters(model.specs) * vectorNames(plan).length;
  let step = checkpoint?.step ?? 0;
  let seconds = Number.POSITIVE_INFINITY;

  // Not `options`, which hold what training starts with: several times the parameters.
  const { stepsPerCall: limit } = options;

  /** The parts of some updates, in calls of so many; none where the signal came first. */
  const runParts = async (count: number, most: number, signal: AbortSignal | undefined) => {
    const made: StepResult[] = [];
    const all = count * microBatches;
    const began = performance.now();
    while (made.length < all) {
      const parts = Math.min(most, all - made.length);
      made.push(...(await graph.run(fill(step * microBatches + made.length, parts))));
      if (made.length === all) break;
      // The runtime blocks its thread: let signals through.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!signal?.aborted) continue;
      graph.forget();
      return [];
    }
    seconds = (performance.now() - began) / 1000 / all;
    return made;
  };
  const advance = async (most: number, signal?: AbortSignal): Promise<StepReport[]> => {
    const call = callSize({ copied, microBatches, seconds });
    const count = Math.min(most, limit ?? call.steps);
    const results = await runParts(count, limit ? count * microBatches : call.parts, signal);
    const reports = reportsOf(results, step, config);
    step += reports.length;
    for (const report of reports) watch.add(report);
    return reports;
  };
  return {
    get step() {
      return step;
    },
    next: async () => (await advance(1))[0]!,
    advance,
    checkpoint: async () => ({
      step,
      seed,
      examples: step * batch,
      vectors: await graph.read(),
      ...(watch.initialLoss !== undefined && { initialLoss: watch.initialLoss }),
    }),
    average: async () => (await graph.read(['average'])).average!,
    release: () => graph.release(),
  };
}

/** What the updates after a step report, from the results of their parts. */
function reportsOf(
  results: readonly StepResult[],
  after: number,
  config: TrainingConfig,
): StepReport[] {
  const { microBatches } = config;
  return Array.from({ length: results.length / microBatches }, (_, i) => {
    const own = results.slice(i * microBatches, (i + 1) * microBatches);
    const loss = own.reduce((sum, part) => sum + part.loss, 0) / microBatches;
    const { gradientNorm } = own.at(-1)!;
    const step = after + i + 1;
    return { step, loss, gradientNorm, learningRate: learningRate(config, step) };
  });
}

/** Plans the step to compile, checked against the memory there is. A GPU's is not known. */
export async function planStep(options: TrainerOptions): Promise<StepOptions> {
  const { model, dataset, config, threads, memory = await availableMemory() } = options;
  const device = await resolveDevice(options.device ?? 'auto');
  const plan = {
    ...config,
    ...model,
    device,
    optimizer: optimizers[config.optimizer](config.weightDecay),
    rows: config.batch / config.microBatches,
    bytes: dataset.dtype === 'uint8',
    ...(threads !== undefined && { threads }),
  };
  if (device === 'cpu' && memory !== undefined) checkMemory(plan, memory);
  return plan;
}

/** Names of the vectors that a checkpoint of this configuration holds. */
export function checkpointVectors(config: TrainingConfig): string[] {
  const optimizer = optimizers[config.optimizer](config.weightDecay);
  return vectorNames({ ...config, optimizer });
}

function startingVectors({ model, config, start }: TrainerOptions): Vectors {
  const parameters = start ?? initializeParameters(model.specs, config.seed);
  return { parameters, average: parameters };
}

function checkFit({ model, dataset, config }: TrainerOptions): void {
  if (model.shape.join() !== dataset.shape.join()) {
    throw new UserError(
      `the model takes examples of shape [${model.shape.join(', ')}], ${dataset.name} has [${dataset.shape.join(', ')}]; use other data or train a new model`,
    );
  }
  if (model.condition) checkConditions(dataset, model.condition);
  checkAntithetic(model, config);
  if (model.rate !== undefined) checkIntensities(dataset, { ...model, rate: model.rate });
  if (config.flip && dataset.shape.length !== 3) {
    throw new UserError(
      `flip: ${dataset.name} holds no images but examples of shape [${dataset.shape.join(', ')}]; leave it out`,
    );
  }
  if (config.batch % config.microBatches !== 0) {
    throw new UserError(
      `micro-batches: ${config.microBatches} parts do not divide a batch of ${config.batch}; use a divisor`,
    );
  }
}

function checkAntithetic(
  { rate }: DenoiserModel,
  { antithetic, batch, microBatches }: TrainingConfig,
): void {
  if (!antithetic) return;
  if (rate !== undefined) {
    throw new UserError(
      'antithetic: counts have no noise that could be turned around; leave it out',
      { facts: { option: 'antithetic' } },
    );
  }
  const rows = batch / microBatches;
  if (rows % 2 === 0) return;
  throw new UserError(
    `antithetic: takes examples in pairs, and there are ${rows} at a time; give an even batch`,
    { facts: { option: 'antithetic', rows } },
  );
}

/** Expected counts that are far from 2^24, up to which single precision is exact. */
const MOST_COUNTS = 2 ** 23;

/**
 * Every example is read: better before the first step than in the middle. Bytes are never below 0.
 */
function checkIntensities(
  { name, count, shape, dtype, read }: Dataset,
  { rate, background }: { readonly rate: number; readonly background: number },
): void {
  const checkSize = (largest: number) => {
    const expected = rate * (largest + background);
    if (expected <= MOST_COUNTS) return;
    throw new UserError(
      `rate: Mλ = ${rate} expects up to ${expected.toPrecision(3)} counts of ${name}, and no more than ${MOST_COUNTS} are kept exactly; give a smaller --rate, or scale the data down`,
    );
  };
  if (dtype === 'uint8') {
    checkSize(1);
    return;
  }
  const example = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < count; i++) {
    read(i, example, 0);
    const bad = example.findIndex((value) => !(value >= 0));
    if (bad < 0) {
      let largest = 0;
      for (const value of example) largest = Math.max(largest, value);
      checkSize(largest);
      continue;
    }
    throw new UserError(
      `${name}: example ${i} has ${example[bad]} at ${bad}, which is no intensity; Poisson counts need data of 0 or more`,
    );
  }
}
