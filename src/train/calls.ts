/** What goes into one call of the runtime: how many parts of batches, and what they are fed. */

import { allocate, type Dataset } from '../data/dataset.ts';
import { type Shape, sizeOf } from '../graph/index.ts';
import { type DenoiserModel, widthOf } from '../model/index.ts';
import { createBatches, drawBytes } from './batches.ts';
import { learningRate, type TrainingConfig } from './config.ts';
import type { StepInputs } from './step.ts';
import { conditionsOf, dropConditions, fillLevels } from './told.ts';

/**
 * Bytes per second at which the runtime hands a program's state out: it copies into fresh memory.
 */
const COPY_RATE = 0.75e9;
/** Largest share of the time that goes to such copies, and longest call, in seconds. */
const [COPY_SHARE, LONGEST_CALL] = [0.03, 10];
/** Bytes that are copied fast enough to make no difference. */
const LITTLE = 1 << 24;
/**
 * Seconds for which a signal may wait: a batch whose parts take longer is made in several calls.
 */
const PATIENCE = 0.5;

export interface CallOptions {
  /** Bytes of state that a call copies. */
  readonly copied: number;
  /** Parts of a batch. */
  readonly microBatches: number;
  /** Of one part; infinite where it is not known yet. */
  readonly seconds: number;
}

/**
 * Decides how many updates to make in one call, and how many parts of a batch at most, less than
 * one update where parts are slow: no more than needed, so that a signal is soon noticed.
 */
export function callSize({ copied, microBatches, seconds }: CallOptions): {
  readonly steps: number;
  readonly parts: number;
} {
  const enough = copied < LITTLE ? 1 : Math.ceil(copied / COPY_RATE / (COPY_SHARE * seconds));
  const most = Math.max(1, Math.min(enough, Math.floor(LONGEST_CALL / seconds)));
  const parts = Math.max(most, Math.min(microBatches, Math.floor(PATIENCE / seconds)));
  const steps = Math.max(1, Math.floor(parts / microBatches));
  return { steps, parts: parts < microBatches ? parts : steps * microBatches };
}

export interface FeederOptions {
  readonly model: DenoiserModel;
  readonly dataset: Dataset;
  readonly config: TrainingConfig;
  /** Shapes of the random bytes that a part takes. */
  readonly masks: readonly Shape[];
}

/**
 * Makes the function that gathers what `count` parts of batches from part `first` of the run on are
 * fed.
 */
export function createFeeder({
  model,
  dataset,
  config,
  masks,
}: FeederOptions): (first: number, count: number) => StepInputs {
  const { microBatches, seed, flip, antithetic } = config;
  const rows = config.batch / microBatches;
  const batches = createBatches(dataset, {
    seed,
    batch: rows,
    flip,
    antithetic,
    rate: model.rate,
    background: model.background,
  });
  const size = rows * sizeOf(dataset.shape);
  const seen = rows * sizeOf(model.inputShape);
  const { levels, condition } = model;
  const width = condition ? rows * widthOf(condition) : 0;
  return (first, count) => {
    const x = allocate(dataset.dtype, count * size);
    const noise = new Float32Array(count * seen);
    const level = levels && new Float32Array(count * rows);
    const conditions = condition && new Float32Array(count * width);
    const random = masks.map((mask) => new Uint8Array(count * sizeOf(mask)));
    const indexes = Array.from({ length: count }, (_, i) => first + i);
    indexes.forEach((index, i) => {
      const own = <T extends Uint8Array | Float32Array>(all: T, length: number) =>
        all.subarray(i * length, (i + 1) * length) as T;
      batches.fill(index, own(x, size), own(noise, seen));
      if (level) fillLevels(levels, { seed, index }, own(level, rows));
      if (conditions) {
        const told = own(conditions, width);
        conditionsOf(dataset, condition, batches.places(index), told);
        dropConditions(condition, { seed, index }, told);
      }
      random.forEach((bytes, mask) => {
        drawBytes(seed, mask, index, own(bytes, sizeOf(masks[mask]!)));
      });
    });
    const steps = indexes.map((index) => Math.floor(index / microBatches) + 1);
    return {
      x,
      noise,
      random,
      level,
      condition: conditions,
      learningRate: steps.map((step) => learningRate(config, step)),
      step: steps,
      last: indexes.map((index) => index % microBatches === microBatches - 1),
    };
  };
}
