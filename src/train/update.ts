/** The update of parameters as a graph: what every training step shares, whatever its loss. */
import {
  add,
  concat,
  div,
  grad,
  greater,
  input,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  type StateTensor,
  sizeOf,
  slice,
  sqrt,
  sub,
  type Tensor,
  where,
} from '../graph/index.ts';
import type { ParameterSpec } from '../nn/index.ts';
import { kept, keptShape, type Layout, ordinary, type Segment } from './layout.ts';
import { type Optimizer, slotsOf } from './optimizers/optimizer.ts';

/** Everything a step keeps: flat vectors [P] by name, parameters in the order of `specs`. */
export type Vectors = Readonly<Record<string, Float32Array>>;

/** Names segment i of a vector. */
export const place = (vector: string, i: number) => `${vector}/${i}`;

/** Makes the inputs for the segments of a vector. */
export const vectorInputs = ({ segments }: Layout, name: string): Tensor[] =>
  segments.map(({ size }, i) => input(place(name, i), [size]));

/** Splits a step's segments into parameter tensors, by name. */
export function splitParameters(
  vectors: readonly Tensor[],
  segments: readonly Segment[],
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  segments.forEach(({ specs }, i) => {
    let start = 0;
    for (const { name, shape } of specs) {
      const end = start + sizeOf(shape);
      const part = slice(vectors[i]!, [start], [end]);
      tensors[name] = ordinary(reshape(part, keptShape(shape)));
      start = end;
    }
  });
  return tensors;
}

interface GradientLayout {
  /** In the order in which gradients are asked for. */
  readonly specs: readonly ParameterSpec[];
  readonly segments: readonly Segment[];
}

/** Computes the gradient of a loss by the parameters `tensors`, as vectors for the segments. */
export function gradientVectors(
  loss: Tensor,
  tensors: Readonly<Record<string, Tensor>>,
  { specs, segments }: GradientLayout,
): Tensor[] {
  const parts = grad(
    loss,
    specs.map(({ name }) => tensors[name]!),
  );
  const byName = new Map(specs.map(({ name }, i) => [name, reshape(kept(parts[i]!), [-1])]));
  return segments.map((segment) => concat(segment.specs.map((s) => byName.get(s.name)!)));
}

export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** Largest norm of the gradient; 0 is no limit. */
  readonly clip: number;
  /** Runs whose gradients are averaged into one update. */
  readonly microBatches: number;
}

export interface UpdateInputs {
  readonly parameters: readonly Tensor[];
  readonly gradient: readonly Tensor[];
  readonly learningRate: Tensor;
  readonly step: Tensor;
  /** Moving averages of the parameters, by vector: the weight of the newest in each, a scalar. */
  readonly averages: Readonly<Record<string, Tensor>>;
  /** Above 1/2 where a part ends the update; needed with micro-batches. */
  readonly last?: Tensor;
}

/**
 * Updates the state of a step: clipping, optimizer and moving averages. With micro-batches,
 * gradients add up until `last`.
 */
export function updateState(options: UpdateOptions, layout: Layout, inputs: UpdateInputs) {
  const { optimizer, clip, microBatches } = options;
  const { learningRate, step, averages, last } = inputs;
  const accumulate = microBatches > 1;
  const sums = vectorInputs(layout, 'gradient');
  const gradient = inputs.gradient.map((part, i) =>
    accumulate ? add(sums[i]!, mul(part, 1 / microBatches)) : part,
  );
  const squares = gradient.map((part) => reduceSum(mul(part, part)));
  const gradientNorm = reshape(sqrt(reduceSum(concat(squares))), []);
  const scale = minimum(1, div(clip, maximum(gradientNorm, 1e-12)));

  const done = accumulate ? greater(last!, 0.5) : undefined;
  const state: Record<string, StateTensor> = {};
  const keep = (value: Tensor, next: Tensor) => {
    state[value.name] = { value, next: done ? where(done, next, value) : next };
  };
  layout.segments.forEach(({ size, matrices }, i) => {
    const vector = (name: string) => input(place(name, i), [size]);
    const parameters = inputs.parameters[i]!;
    const clipped = clip === 0 ? gradient[i]! : mul(gradient[i]!, scale);
    const slots = slotsOf(optimizer, matrices !== undefined).map(vector);
    const given = { parameters, gradient: clipped, slots, matrices, learningRate, step };
    const updated = optimizer.update(given);
    keep(parameters, updated.parameters);
    for (const [name, weight] of Object.entries(averages)) {
      const average = vector(name);
      keep(average, add(average, mul(sub(updated.parameters, average), weight)));
    }
    for (const [s, slot] of slots.entries()) keep(slot, updated.slots[s]!);
    if (!done) return;
    state[place('gradient', i)] = { value: sums[i]!, next: where(done, 0, gradient[i]!) };
  });
  return { state, gradientNorm };
}

/** Makes a state that starts with the vectors that are given. */
export function startingState(
  state: Readonly<Record<string, StateTensor>>,
  layout: Layout,
  initial: Vectors,
): Record<string, StateTensor> {
  const started = { ...state };
  for (const [name, vector] of Object.entries(initial)) {
    layout.split(vector).forEach((part, i) => {
      const entry = started[place(name, i)];
      if (entry) started[place(name, i)] = { ...entry, initial: part };
    });
  }
  return started;
}
