import { allocate, type Dataset } from '../data/dataset.ts';
import { DivergedError, type Divergence } from '../errors.ts';
import { sizeOf } from '../graph/index.ts';
import type { DenoiserModel } from '../model/index.ts';

/** Losses that are averaged before one is called diverged: a spike that heals is none. */
const WINDOW = 20;
/** How many times the loss of an estimator that has learned nothing is too much. */
const MULTIPLE = 10;
/** Examples that the loss of such an estimator is measured on. */
const EXAMPLES = 256;

/** Watches the losses of a training for numbers that have left all bounds. */
export interface LossWatch {
  /** Loss of the first step: what the network had before it learned; none yet before that. */
  readonly initialLoss: number | undefined;
  /**
   * Takes the next loss.
   *
   * @throws DivergedError if it is not finite, or if the mean of the last 20 is more than 10 times
   *   that of the first step and of the estimators x̂ = y and x̂ = 0.
   */
  add(report: LossReport): void;
}

interface LossReport {
  readonly step: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/**
 * Watches the losses of a training for divergence.
 *
 * @param start.initialLoss That of the first step, where a training goes on.
 */
export function watchLosses(
  model: Pick<DenoiserModel, 'inputSigma' | 'rate'>,
  dataset: Dataset,
  { initialLoss }: { readonly initialLoss?: number | undefined } = {},
): LossWatch {
  const trivial = trivialLoss(model, dataset);
  const window: number[] = [];
  let first = initialLoss;
  return {
    get initialLoss() {
      return first;
    },
    add: ({ step, loss, gradientNorm, learningRate }) => {
      const facts = { step, loss, learningRate };
      if (!Number.isFinite(loss)) throw diverged(`the loss is ${loss}`, facts);
      if (!Number.isFinite(gradientNorm)) {
        throw diverged(`the loss is ${loss}, the norm of its gradient ${gradientNorm},`, facts);
      }
      first ??= loss;
      window.push(loss);
      if (window.length > WINDOW) window.shift();
      const mean = window.reduce((sum, value) => sum + value, 0) / WINDOW;
      const bound = MULTIPLE * Math.max(trivial, first);
      if (window.length < WINDOW || !(mean > bound)) return;
      const much = `the loss of the last ${WINDOW} steps is ${mean.toPrecision(4)}, above ${MULTIPLE} times what an estimator has that has learned nothing (${(bound / MULTIPLE).toPrecision(4)})`;
      throw diverged(much, { step, loss: mean, bound, learningRate });
    },
  };
}

interface Facts extends Divergence {
  readonly loss: number;
  readonly learningRate: number;
  readonly bound?: number;
}

const diverged = (what: string, facts: Facts) =>
  new DivergedError(
    `step ${facts.step}: ${what} at learning rate ${facts.learningRate.toPrecision(3)}; try a smaller learning rate, a longer warm-up or --clip 1`,
    facts,
  );

/** The larger of the losses of x̂ = y, dσ², and of x̂ = 0, ‖x‖². */
function trivialLoss(
  { inputSigma, rate }: Pick<DenoiserModel, 'inputSigma' | 'rate'>,
  { count, shape, dtype, read }: Dataset,
): number {
  const size = sizeOf(shape);
  const unit = dtype === 'uint8' ? 255 : 1;
  const example = allocate(dtype, size);
  const examples = Math.min(count, EXAMPLES);
  let squares = 0;
  for (let i = 0; i < examples; i++) {
    read(Math.floor((i * count) / examples), example, 0);
    for (const value of example) squares += (value / unit) ** 2;
  }
  return Math.max(squares / Math.max(1, examples), rate === undefined ? size * inputSigma ** 2 : 0);
}
