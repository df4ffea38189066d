import { UserError } from '../errors.ts';
import { type Device, resolveDevice, type Shape, sizeOf } from '../graph/index.ts';
import type { DenoiserModel } from '../model/index.ts';
import { countParameters, initializeParameters } from '../nn/index.ts';
import { createBatches, drawBytes } from './batches.ts';
import type { Checkpoint } from './checkpoint.ts';
import { learningRate, type TrainingConfig } from './config.ts';
import { allocate, type Dataset } from './dataset.ts';
import { availableMemory, checkMemory } from './memory.ts';
import { optimizers } from './optimizers/index.ts';
import {
  compileStep,
  type StepInputs,
  type StepOptions,
  type Vectors,
  vectorNames,
} from './step.ts';

export interface TrainerOptions {
  readonly model: DenoiserModel;
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number | undefined;
  /** Where to go on from. */
  readonly checkpoint?: Checkpoint;
  /** Most steps in one call of the runtime. Default: as many as make handing out the state cheap. */
  readonly stepsPerCall?: number;
  /** Parameters [P] to start from, in the order of the model's specs. Default: as the network starts. */
  readonly start?: Float32Array | undefined;
  /** Bytes that training may take on the CPU. Default: what the machine has free. */
  readonly memory?: number;
}

/** What one step reports. */
export interface StepReport {
  /** Counted from 1. */
  readonly step: number;
  /** ‖x − ν_θ(ȳ)‖² summed over dimensions, averaged over the batch, before the update. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** A model being trained. Nothing here touches files. */
export interface Trainer {
  /** Steps made. */
  readonly step: number;
  /** One update of the parameters. @throws UserError if the loss is not finite. */
  next(): Promise<StepReport>;
  /**
   * Up to `most` updates, at least one, in one call of the runtime: what it costs to hand the
   * parameters in and out is paid once. @throws UserError if a loss is not finite.
   */
  advance(most: number): Promise<StepReport[]>;
  /** Everything needed to go on from here. */
  checkpoint(): Promise<Checkpoint>;
  /** The moving average of the parameters [P] alone. */
  average(): Promise<Float32Array>;
  release(): Promise<void>;
}

/** @throws UserError if data, model and configuration do not go together, or memory is too little. */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { model, config, checkpoint } = options;
  const { batch, microBatches, seed } = config;
  checkFit(options);
  const plan = await planStep(options);
  const graph = await compileStep(plan, checkpoint?.vectors ?? startingVectors(options));
  const fill = createFeeder(options, graph.masks, plan.rows);
  const copied = 4 * countParameters(model.specs) * vectorNames(plan.optimizer).length;
  let step = checkpoint?.step ?? 0;
  let secondsPerStep = Number.POSITIVE_INFINITY;

  // Not `options`, which hold what training starts with: several times the parameters.
  const { stepsPerCall: limit } = options;

  const advance = async (most: number): Promise<StepReport[]> => {
    const count = Math.min(most, limit ?? stepsPerCall(copied, secondsPerStep));
    const first = step;
    const began = performance.now();
    const parts = await graph.run(fill(first, count));
    secondsPerStep = (performance.now() - began) / 1000 / count;
    step += count;
    return Array.from({ length: count }, (_, i) => {
      const own = parts.slice(i * microBatches, (i + 1) * microBatches);
      const loss = own.reduce((sum, part) => sum + part.loss, 0) / microBatches;
      const { gradientNorm } = own.at(-1)!;
      const rate = learningRate(config, first + i + 1);
      if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
        throw divergence(first + i + 1, loss, rate);
      }
      return { step: first + i + 1, loss, gradientNorm, learningRate: rate };
    });
  };
  return {
    get step() {
      return step;
    },
    next: async () => (await advance(1))[0]!,
    advance,
    checkpoint: async () => ({ step, seed, examples: step * batch, vectors: await graph.read() }),
    average: async () => (await graph.read(['average'])).average!,
    release: () => graph.release(),
  };
}

/** The step to compile, checked against the memory there is. A GPU's is not known. */
async function planStep(options: TrainerOptions): Promise<StepOptions> {
  const { model, dataset, config, threads, memory = await availableMemory() } = options;
  const device = await resolveDevice(options.device ?? 'auto');
  const plan = {
    ...{ ...config, ...model, device },
    optimizer: optimizers[config.optimizer](config.weightDecay),
    rows: config.batch / config.microBatches,
    bytes: dataset.dtype === 'uint8',
    ...(threads !== undefined && { threads }),
  };
  if (device === 'cpu' && memory !== undefined) checkMemory(plan, memory);
  return plan;
}

/** Bytes per second at which the runtime hands a program's state out: it copies into fresh memory. */
const COPY_RATE = 0.75e9;
/** Largest share of the time that goes to such copies, and longest call, in seconds. */
const [COPY_SHARE, LONGEST_CALL] = [0.03, 10];
/** Bytes that are copied fast enough to make no difference. */
const LITTLE = 1 << 24;

/** How many steps to make in one call: no more than needed, so that a signal is soon noticed. */
function stepsPerCall(copied: number, secondsPerStep: number): number {
  if (copied < LITTLE) return 1;
  const enough = Math.ceil(copied / COPY_RATE / (COPY_SHARE * secondsPerStep));
  return Math.max(1, Math.min(enough, Math.floor(LONGEST_CALL / secondsPerStep)));
}

/** Makes the function that gathers what `count` steps after step `first` are fed. */
function createFeeder(
  { model, dataset, config }: TrainerOptions,
  masks: readonly Shape[],
  rows: number,
): (first: number, count: number) => StepInputs {
  const { microBatches, seed, flip } = config;
  const batches = createBatches(dataset, {
    seed,
    batch: rows,
    flip,
    rate: model.rate,
    background: model.background,
  });
  const size = rows * sizeOf(dataset.shape);
  const seen = rows * sizeOf(model.inputShape);
  return (first, count) => {
    const runs = count * microBatches;
    const x = allocate(dataset.dtype, runs * size);
    const noise = new Float32Array(runs * seen);
    const random = masks.map((mask) => new Uint8Array(runs * sizeOf(mask)));
    const steps = Array.from({ length: runs }, (_, i) => first + Math.floor(i / microBatches) + 1);
    for (let i = 0; i < runs; i++) {
      const index = first * microBatches + i;
      const own = <T extends Uint8Array | Float32Array>(all: T, length: number) =>
        all.subarray(i * length, (i + 1) * length) as T;
      batches.fill(index, own(x, size), own(noise, seen));
      random.forEach((bytes, mask) => {
        drawBytes(seed, mask, index, own(bytes, sizeOf(masks[mask]!)));
      });
    }
    return {
      ...{ x, noise, random },
      learningRate: steps.map((step) => learningRate(config, step)),
      step: steps,
      last: steps.map((_, i) => i % microBatches === microBatches - 1),
    };
  };
}

/** Names of the vectors that a checkpoint of this configuration holds. */
export function checkpointVectors(config: TrainingConfig): string[] {
  return vectorNames(optimizers[config.optimizer](config.weightDecay));
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

/** Expected counts that are far from 2^24, up to which single precision is exact. */
const MOST_COUNTS = 2 ** 23;

/** Every example is read: better before the first step than in the middle. Bytes are never below 0. */
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

function divergence(step: number, loss: number, rate: number): UserError {
  return new UserError(
    `step ${step}: the loss is ${loss} at learning rate ${rate.toPrecision(3)}; try a smaller learning rate, a longer warm-up or --clip 1`,
  );
}
