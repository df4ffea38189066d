import { holdOut } from '../data/index.ts';
import { createModel } from '../model/index.ts';
import type { NewRunOptions } from '../run/index.ts';
import { formatDuration } from '../text.ts';
import { estimateCost, type TrainingCost } from '../train/index.ts';

/** Measures what a run would take; nothing is written. */
export function costOf(planned: NewRunOptions): Promise<TrainingCost> {
  const { model, dataset, training: config, device, threads, start } = planned;
  return estimateCost({
    model: createModel(model),
    dataset: holdOut(dataset, config).training,
    config,
    threads,
    start: start?.parameters,
    ...(device !== undefined && { device }),
  });
}

/** Describes what a run would take, in one line. */
export function describeCost(cost: TrainingCost): string {
  const { parameters, bytes, secondsPerStep, examplesPerSecond, steps, seconds } = cost;
  const step = `${secondsPerStep.toPrecision(2)} s (${examplesPerSecond.toPrecision(3)} examples/s)`;
  return `${parameters.toLocaleString('en')} parameters, about ${(bytes / 1e9).toPrecision(2)} GB of memory, ${formatDuration(seconds)} for ${steps.toLocaleString('en')} steps of ${step}, evaluations apart; nothing was trained`;
}
