import { UserError } from '../errors.ts';
import { type Device, sizeOf } from '../graph/index.ts';
import type { DenoiserModel } from '../model/index.ts';
import { initializeParameters } from '../nn/index.ts';
import { createBatches } from './batches.ts';
import type { Checkpoint } from './checkpoint.ts';
import { learningRate, type TrainingConfig } from './config.ts';
import { allocate, type Dataset } from './dataset.ts';
import { optimizers } from './optimizers/index.ts';
import { compileStep, type Vectors, vectorNames } from './step.ts';

export interface TrainerOptions {
  readonly model: DenoiserModel;
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  readonly device?: Device;
  /** Where to go on from. */
  readonly checkpoint?: Checkpoint;
  /** Parameters [P] to start from, in the order of the model's specs. Default: as the network starts. */
  readonly start?: Float32Array | undefined;
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
  /** Everything needed to go on from here. */
  checkpoint(): Promise<Checkpoint>;
  release(): Promise<void>;
}

export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { model, dataset, config, checkpoint, device = 'auto' } = options;
  const { batch, microBatches, seed } = config;
  checkFit(options);
  const optimizer = optimizers[config.optimizer](config.weightDecay);
  const start = checkpoint?.vectors ?? startingVectors(options);
  const rows = batch / microBatches;
  const graph = await compileStep(
    { ...config, ...model, bytes: dataset.dtype === 'uint8', optimizer, rows, device },
    start,
  );
  const batches = createBatches(dataset, { seed, batch: rows, flip: config.flip });
  const size = rows * sizeOf(dataset.shape);
  const x = allocate(dataset.dtype, size);
  const noise = new Float32Array(size);
  let step = checkpoint?.step ?? 0;

  const next = async (): Promise<StepReport> => {
    const rate = learningRate(config, step + 1);
    let loss = 0;
    let gradientNorm = 0;
    for (let part = 0; part < microBatches; part++) {
      batches.fill(step * microBatches + part, x, noise);
      const last = part === microBatches - 1;
      const result = await graph.run({ x, noise, learningRate: rate, step: step + 1, last });
      loss += result.loss / microBatches;
      gradientNorm = result.gradientNorm;
    }
    step += 1;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
      throw divergence(step, loss, rate);
    return { step, loss, gradientNorm, learningRate: rate };
  };
  return {
    get step() {
      return step;
    },
    next,
    checkpoint: async () => ({ step, seed, examples: step * batch, vectors: await graph.read() }),
    release: () => graph.release(),
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

function divergence(step: number, loss: number, rate: number): UserError {
  return new UserError(
    `step ${step}: the loss is ${loss} at learning rate ${rate.toPrecision(3)}; try a smaller learning rate, a longer warm-up or --clip 1`,
  );
}
