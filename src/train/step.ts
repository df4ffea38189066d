import {
  add,
  cast,
  compile,
  concat,
  type Device,
  div,
  grad,
  greater,
  input,
  maximum,
  minimum,
  mul,
  reduceSum,
  reshape,
  type Shape,
  type StateTensor,
  sizeOf,
  slice,
  sqrt,
  sub,
  type Tensor,
  where,
} from '../graph/index.ts';
import { denoisingLoss } from '../model/index.ts';
import { bindParameters, countParameters, type Network, type ParameterSpec } from '../nn/index.ts';
import { fromStep, kept, keptShape, ordinary, toStep } from './layout.ts';
import type { Optimizer } from './optimizers/optimizer.ts';

export interface StepOptions {
  /** ν_θ: [batch, ...shape] → the same. */
  readonly denoiser: Network;
  readonly specs: readonly ParameterSpec[];
  /** Shape of one example. */
  readonly shape: Shape;
  /** Examples of one run of the graph. */
  readonly rows: number;
  /** Effective noise σ̃. */
  readonly effectiveSigma: number;
  /** Whether examples arrive as bytes 0..255. */
  readonly bytes: boolean;
  readonly optimizer: Optimizer;
  /** Decay of the moving average of parameters. */
  readonly ema: number;
  /** Largest norm of the gradient: larger ones are scaled down to it; 0 is no limit. */
  readonly clip: number;
  /** Runs whose gradients are averaged into one update. */
  readonly microBatches: number;
  readonly device: Device;
  /** Threads of one run on the CPU; default: every core. */
  readonly threads?: number;
  /** Start of the path of a runtime profile to write. */
  readonly profile?: string;
}

/** Everything a step keeps: flat vectors [P] by name, parameters in the order of `specs`. */
export type Vectors = Readonly<Record<string, Float32Array>>;

/** What one run of the step is fed: a part of a batch, as typed arrays. */
export interface StepInputs {
  /** Examples and their noise, both [rows, ...shape]. */
  readonly x: Uint8Array | Float32Array;
  readonly noise: Float32Array;
  readonly learningRate: number;
  /** Number of the update, from 1. */
  readonly step: number;
  /** Whether this part ends the update; until then gradients add up. */
  readonly last: boolean;
}

export interface TrainingStep {
  /** Loss of this part, and norm of the gradient so far. */
  run(inputs: StepInputs): Promise<{ readonly loss: number; readonly gradientNorm: number }>;
  read(): Promise<Vectors>;
  release(): Promise<void>;
}

/**
 * One training step as one graph: noise, network, loss, gradients, optimizer and moving average.
 * Keeps `parameters`, their moving average `average`, and the optimizer's slots.
 */
export async function compileStep(options: StepOptions, initial: Vectors): Promise<TrainingStep> {
  const { rows, shape, specs, bytes, device, threads, profile } = options;
  const x = input('x', [rows, ...shape], bytes ? 'uint8' : 'float32');
  const noise = input('noise', [rows, ...shape]);
  const learningRate = input('learningRate', []);
  const step = input('step', []);
  const last = input('last', []);
  const parameters = input('parameters', [countParameters(specs)]);
  const { loss, gradient } = differentiate(options, parameters, x, noise);
  const update = updateState(options, { parameters, gradient, learningRate, step, last });
  for (const [name, entry] of Object.entries(update.state)) {
    const start = initial[name];
    if (start) update.state[name] = { ...entry, initial: toStep(start, specs) };
  }
  const program = await compile({
    inputs: { x, noise, learningRate, step, ...(options.microBatches > 1 && { last }) },
    outputs: { loss, gradientNorm: update.gradientNorm },
    state: update.state,
    device,
    ...(threads !== undefined && { threads }),
    ...(profile !== undefined && { profile }),
  });
  return {
    run: async (inputs) => {
      const scalars = {
        learningRate: Float32Array.of(inputs.learningRate),
        step: Float32Array.of(inputs.step),
        last: Float32Array.of(Number(inputs.last)),
      };
      const result = await program({ x: inputs.x, noise: inputs.noise, ...scalars });
      return { loss: Number(result.loss[0]), gradientNorm: Number(result.gradientNorm[0]) };
    },
    read: async () => {
      const vectors: Record<string, Float32Array> = {};
      for (const name of vectorNames(options.optimizer)) {
        vectors[name] = fromStep((await program.state.read(name)) as Float32Array, specs);
      }
      return vectors;
    },
    release: program.release,
  };
}

/** Names of the vectors that a step with this optimizer keeps from one update to the next. */
export function vectorNames({ slots }: Optimizer): string[] {
  return ['parameters', 'average', ...slots];
}

/** Loss, and its gradient as a flat vector in the order of the step. */
function differentiate(options: StepOptions, parameters: Tensor, x: Tensor, noise: Tensor) {
  const { specs, effectiveSigma, denoiser, bytes } = options;
  const clean = bytes ? mul(cast(x, 'float32'), 1 / 255) : x;
  const tensors = splitParameters(parameters, specs);
  const noisy = add(clean, mul(noise, effectiveSigma));
  const loss = denoisingLoss(clean, denoiser(bindParameters(tensors), noisy));
  const parts = grad(
    loss,
    specs.map(({ name }) => tensors[name]!),
  );
  return { loss, gradient: concat(parts.map((part) => reshape(kept(part), [-1]))) };
}

interface UpdateInputs {
  readonly parameters: Tensor;
  readonly gradient: Tensor;
  readonly learningRate: Tensor;
  readonly step: Tensor;
  readonly last: Tensor;
}

/** Clipping, optimizer and moving average; with micro-batches, gradients add up until `last`. */
function updateState(options: StepOptions, inputs: UpdateInputs) {
  const { optimizer, clip, ema, microBatches } = options;
  const { parameters, learningRate, step, last } = inputs;
  const accumulate = microBatches > 1;
  const vector = (name: string) => input(name, parameters.shape);
  const sum = vector('gradient');
  const gradient = accumulate ? add(sum, mul(inputs.gradient, 1 / microBatches)) : inputs.gradient;
  const gradientNorm = reshape(sqrt(reduceSum(mul(gradient, gradient))), []);
  const scale = minimum(1, div(clip, maximum(gradientNorm, 1e-12)));
  const clipped = clip === 0 ? gradient : mul(gradient, scale);

  const slots = optimizer.slots.map(vector);
  const updated = optimizer.update({ parameters, gradient: clipped, slots, learningRate, step });
  const average = vector('average');
  const averaged = add(average, mul(sub(updated.parameters, average), 1 - ema));

  const done = greater(last, 0.5);
  const keep = (value: Tensor, next: Tensor): StateTensor => ({
    value,
    next: accumulate ? where(done, next, value) : next,
  });
  const state: Record<string, StateTensor> = {
    parameters: keep(parameters, updated.parameters),
    average: keep(average, averaged),
  };
  optimizer.slots.forEach((name, i) => {
    state[name] = keep(slots[i]!, updated.slots[i]!);
  });
  if (accumulate) state.gradient = { value: sum, next: where(done, 0, gradient) };
  return { state, gradientNorm };
}

/** The parameter tensors of a flat vector [P] in the order of the step, by name. */
function splitParameters(vector: Tensor, specs: readonly ParameterSpec[]): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of specs) {
    const end = start + sizeOf(shape);
    tensors[name] = ordinary(reshape(slice(vector, [start], [end]), keptShape(shape)));
    start = end;
  }
  return tensors;
}
