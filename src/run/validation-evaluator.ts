import type { Dataset } from '../data/dataset.ts';
import { DivergedError } from '../errors.ts';
import { type Condition, type DenoiserModel, lossWeightOf } from '../model/index.ts';
import type { TrainingConfig } from '../train/config.ts';
import { shownLevels } from '../train/told.ts';
import { validationLoss } from '../train/validation.ts';
import type { EvaluationContext, Evaluator } from './evaluators.ts';

/** What of a model decides how its loss is measured. */
type Measured = Pick<DenoiserModel, 'levels' | 'dataScale'>;

/**
 * Makes an evaluator of the validation loss: metric `validationLoss`. Of a family of noise levels
 * it is the mean over a few of them, each weighted as in training, and `validationLoss@0.5` is the
 * plain loss at σ̃ = 0.5. A conditional model is told the conditions of the examples.
 */
export function validationEvaluator(
  heldOut: Dataset,
  { seed, batch, microBatches }: TrainingConfig,
  every: number,
  { levels, dataScale }: Measured = {},
): Evaluator {
  const shown = levels && shownLevels(levels);
  const names = shown?.map(levelName) ?? [];
  const rows = batch / microBatches;
  const measure = async ({ step, denoiser, signal }: EvaluationContext, sigma?: number) => {
    const of = conditioned(denoiser, heldOut, sigma);
    const loss = await validationLoss(of(0, 0), heldOut, { seed, batch: rows, signal, of });
    if (Number.isFinite(loss)) return loss;
    throw new DivergedError(
      `step ${step}: the validation loss is ${loss}; try a smaller learning rate, a longer warm-up or clipped gradients`,
      { step },
    );
  };
  return {
    name: 'validation',
    every,
    metrics: {
      validationLoss: 'lower',
      ...Object.fromEntries(names.map((name) => [name, 'lower' as const])),
    },
    evaluate: async (context) => {
      if (!shown) return { metrics: { validationLoss: await measure(context) } };
      const losses: number[] = [];
      for (const sigma of shown) losses.push(await measure(context, sigma));
      const total = losses.reduce(
        (sum, loss, i) => sum + loss * lossWeightOf(shown[i]!, dataScale!),
        0,
      );
      const byLevel = names.map((name, i) => [name, losses[i]!]);
      return { metrics: { validationLoss: total / losses.length, ...Object.fromEntries(byLevel) } };
    },
  };
}

const levelName = (sigma: number) => `validationLoss@${Number(sigma.toPrecision(3))}`;

/** The estimator at a level, of examples from `first` on under their own conditions. */
function conditioned(
  denoiser: EvaluationContext['denoiser'],
  heldOut: Dataset,
  sigma = denoiser.sigma,
) {
  const { at } = denoiser;
  if (!at || sigma === undefined) return () => denoiser;
  return (first: number, count: number) =>
    at(sigma, conditionsFrom(denoiser, heldOut, first, count));
}

function conditionsFrom(
  { condition }: EvaluationContext['denoiser'],
  { labels, vectors }: Dataset,
  first: number,
  count: number,
): Condition {
  if (!condition || count === 0) return {};
  if (condition.type === 'class') return { class: [...labels!.subarray(first, first + count)] };
  const { size } = condition;
  const row = (i: number) => [...vectors!.subarray((first + i) * size, (first + i + 1) * size)];
  return { vector: Array.from({ length: count }, (_, i) => row(i)) };
}
