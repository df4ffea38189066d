import { z } from 'zod';
import type { Dataset } from '../../data/dataset.ts';
import type { NamedArray } from '../../data/safetensors.ts';
import { DivergedError, UserError } from '../../errors.ts';
import {
  add,
  avgPool,
  compile,
  constant,
  type Device,
  exp,
  input,
  log,
  mul,
  reduceMax,
  reduceSum,
  reshape,
  sizeOf,
  stopGradient,
  sub,
  type Tensor,
} from '../../graph/index.ts';
import {
  bindParameters,
  initializeParameters,
  linear,
  listParameters,
  type Scope,
} from '../../nn/index.ts';
import { createLayout, type Layout } from '../../train/layout.ts';
import { adam } from '../../train/optimizers/index.ts';
import {
  gradientVectors,
  splitParameters,
  startingState,
  updateState,
  vectorInputs,
} from '../../train/update.ts';
import { augmentedBatches } from './augmented-batches.ts';
import { type ClassifierConfig, classify, coarsest, nameParameters } from './classifier.ts';

/** Name of the layer that draws the sketch; it is not kept. */
const SKETCH = 'sketch';

/** How a classifier is trained: everything that decides the numbers, beside data and network. */
export const classifierTrainingSchema = z.strictObject({
  /** Updates of the parameters. */
  steps: z.int().min(1),
  /** Images per update. */
  batch: z.int().min(1).default(64),
  /** Largest learning rate of AdamW; it rises linearly and falls as a cosine. */
  learningRate: z.number().positive().default(2e-3),
  /** Share of the steps over which it rises. */
  warmup: z.number().min(0).max(1).default(0.1),
  weightDecay: z.number().min(0).default(0.05),
  /** Decay of the moving average of the parameters, which is what is kept. */
  ema: z.number().min(0).lt(1).default(0.99),
  /** Largest norm of the gradient. */
  clip: z.number().positive().default(1),
  /** Weight of the sketch beside the classes; see `trainClassifier`. */
  sketch: z.number().min(0).default(30),
  /** Largest shift in pixels. */
  shift: z.int().min(0).default(0),
  /** Mirror images left to right at random. */
  flip: z.boolean().default(false),
  seed: z.int().min(0).default(0),
});

export type ClassifierTraining = z.output<typeof classifierTrainingSchema>;

export interface TrainClassifierOptions {
  readonly dataset: Dataset;
  readonly network: ClassifierConfig;
  readonly training: ClassifierTraining;
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
  /** Told after every step. */
  readonly onStep?: (step: ClassifierStep) => void;
}

export interface ClassifierStep {
  /** Counted from 1. */
  readonly step: number;
  /** Cross-entropy in nats, averaged over the batch, before the update. */
  readonly loss: number;
}

/**
 * Trains a classifier with AdamW on shifted and mirrored images, and returns the moving average of
 * its parameters by name. The same seed gives the same numbers on the same machine.
 *
 * Features that need only tell K classes apart fall onto K points, and distances between them see
 * little of an image but its class. So a linear layer must also read a sketch of the image from
 * them, its means over tiles at the last stage's resolution.
 *
 * @throws UserError for data without labels, of another shape or with more classes than the network
 * has, and for a loss that is not finite.
 */
export async function trainClassifier(
  options: TrainClassifierOptions,
): Promise<Record<string, NamedArray>> {
  checkFit(options);
  const { dataset, network, training, onStep, device = 'cpu', threads } = options;
  const { batch, steps, seed } = training;
  const specs = listParameters((scope, x) => answer(network, scope, x).logits, network.shape);
  const layout = createLayout(specs);
  const start = initializeParameters(specs, seed);
  const program = await compile({
    ...buildStep(network, training, layout, start),
    device,
    ...(threads !== undefined && { threads }),
  });
  const fill = augmentedBatches(dataset, training);
  const images = new Float32Array(batch * sizeOf(network.shape));
  const labels = new Uint8Array(batch);
  const targets = new Float32Array(batch * network.classes);
  try {
    for (let step = 1; step <= steps; step++) {
      fill(step - 1, images, labels);
      targets.fill(0);
      labels.forEach((label, i) => {
        targets[i * network.classes + label] = 1;
      });
      const { loss } = await program({
        images,
        targets,
        learningRate: Float32Array.of(rateAt(training, step)),
        step: Float32Array.of(step),
      });
      const value = Number(loss[0]);
      if (!Number.isFinite(value)) throw divergence(step, value);
      onStep?.({ step, loss: value });
    }
    const parts = layout.segments.map((_, i) => program.state.read(`average/${i}`));
    const average = layout.join((await Promise.all(parts)) as Float32Array[]);
    const named = Object.entries(nameParameters(specs, average));
    return Object.fromEntries(named.filter(([name]) => !name.startsWith(SKETCH)));
  } finally {
    await program.release();
  }
}

/** Linear warm-up, then a cosine to zero at the last step. */
function rateAt({ learningRate, warmup, steps }: ClassifierTraining, step: number): number {
  const rise = warmup * steps;
  if (step <= rise) return (learningRate * step) / rise;
  return (learningRate * (1 + Math.cos((Math.PI * (step - rise)) / (steps - rise)))) / 2;
}

/**
 * One training step as one graph; parameters are vectors of several of them (`train/update.ts`).
 */
function buildStep(
  network: ClassifierConfig,
  training: ClassifierTraining,
  layout: Layout,
  start: Float32Array,
) {
  const images = input('images', [training.batch, ...network.shape]);
  const targets = input('targets', [training.batch, network.classes]);
  const learningRate = input('learningRate', []);
  const step = input('step', []);
  const parameters = vectorInputs(layout, 'parameters');
  const tensors = splitParameters(parameters, layout.segments);
  const answers = answer(network, bindParameters(tensors), images);
  const loss = crossEntropy(answers.logits, targets);
  const objective = add(loss, mul(sketchError(answers.sketch, images), training.sketch));
  const specs = layout.segments.flatMap((segment) => segment.specs);
  const gradient = gradientVectors(objective, tensors, { specs, segments: layout.segments });
  const optimizer = adam({ weightDecay: training.weightDecay });
  const options = { optimizer, clip: training.clip, microBatches: 1 };
  const averages = { average: constant(1 - training.ema) };
  const given = { parameters, gradient, learningRate, step, averages };
  const { state } = updateState(options, layout, given);
  return {
    inputs: { images, targets, learningRate, step },
    outputs: { loss },
    state: startingState(state, layout, { parameters: start, average: start }),
  };
}

/**
 * What is trained: the classifier, and from its features a sketch `[n, C, h, w]`, zero at the
 * start.
 */
function answer(network: ClassifierConfig, scope: Scope, images: Tensor) {
  const { features, logits } = classify(network, scope, images);
  const [channels, height, width] = network.shape;
  const tile = coarsest(network);
  const shape = [images.shape[0]!, channels, height / tile, width / tile];
  const values = linear(scope.at(SKETCH), features, sizeOf(shape.slice(1)), { zero: true });
  return { logits, sketch: reshape(values, shape) };
}

/** Squared error of a sketch against the means of the images' tiles, averaged over all values. */
function sketchError(sketch: Tensor, images: Tensor): Tensor {
  const error = sub(sketch, avgPool(images, images.shape[2]! / sketch.shape[2]!));
  return reshape(mul(reduceSum(mul(error, error)), 1 / sizeOf(error.shape)), []);
}

/** −Σ target · log softmax(logits), averaged over the rows of [n, K]; a scalar. */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const shifted = sub(logits, stopGradient(reduceMax(logits, 1)));
  const logProbabilities = sub(shifted, log(reduceSum(exp(shifted), 1)));
  return reshape(mul(reduceSum(mul(targets, logProbabilities)), -1 / logits.shape[0]!), []);
}

function checkFit({ dataset, network }: TrainClassifierOptions): void {
  const { name, shape, labels } = dataset;
  if (labels === undefined) {
    throw new UserError(`${name}: has no labels; a classifier needs a set with classes`, {
      code: 'unsupported',
      facts: { data: name },
    });
  }
  if (shape.join() !== network.shape.join()) {
    throw new UserError(
      `${name}: has images [${shape.join(', ')}], the classifier takes [${network.shape.join(', ')}]; give other data`,
      { code: 'shape', facts: { data: name, shape, wanted: network.shape } },
    );
  }
  let largest = 0;
  for (const label of labels) largest = Math.max(largest, label);
  if (largest >= network.classes) {
    throw new UserError(
      `${name}: has class ${largest}, the classifier tells ${network.classes} apart; give a larger number of classes`,
      { code: 'mismatch', facts: { data: name, class: largest, classes: network.classes } },
    );
  }
}

function divergence(step: number, loss: number): DivergedError {
  return new DivergedError(`step ${step}: the loss is ${loss}; try a smaller learning rate`, {
    step,
  });
}
