import { countParameters } from '../nn/index.ts';
import { stepBytes } from './memory.ts';
import { createTrainer, planStep, type TrainerOptions } from './trainer.ts';

/** What a training will take, on this machine as it is now. */
export interface TrainingCost {
  readonly parameters: number;
  /** Memory beside what the process has, estimated before anything is compiled. */
  readonly bytes: number;
  /** Measured on a few steps. */
  readonly secondsPerStep: number;
  readonly examplesPerSecond: number;
  readonly steps: number;
  /** All steps, without the evaluations between them. */
  readonly seconds: number;
}

/** Steps that are timed at most, and seconds after which no more are. */
const [MOST_STEPS, LONG_ENOUGH] = [10, 10];

/**
 * Estimates the memory and measures the time of a training, by making its first steps and
 * forgetting them.
 *
 * @throws UserError if data, model and configuration do not go together, or memory is too little.
 */
export async function estimateCost(options: TrainerOptions): Promise<TrainingCost> {
  const { model, config } = options;
  const bytes = stepBytes(await planStep(options));
  const trainer = await createTrainer(options);
  try {
    // The first call also pays for memory that later ones find allocated.
    await trainer.next();
    let [made, seconds] = [0, 0];
    while (made < MOST_STEPS && seconds < LONG_ENOUGH) {
      const began = performance.now();
      const reports = await trainer.advance(MOST_STEPS - made);
      seconds += (performance.now() - began) / 1000;
      made += reports.length;
    }
    const secondsPerStep = seconds / made;
    return {
      parameters: countParameters(model.specs),
      bytes,
      secondsPerStep,
      examplesPerSecond: config.batch / secondsPerStep,
      steps: config.steps,
      seconds: config.steps * secondsPerStep,
    };
  } finally {
    await trainer.release();
  }
}
