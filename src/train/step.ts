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
  type Program,
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
  /** Start of the path of a runtime profile to write. */
  readonly profile?: string;
}

/** Starting values of everything a step keeps: flat vectors [P] by name. */
export type StepState = Readonly<Record<string, Float32Array>>;

type Inputs = 'x' | 'noise' | 'learningRate' | 'step';

export type TrainingStep = Program<
  Readonly<Record<Inputs, Tensor>> & { readonly last?: Tensor },
  Readonly<Record<'loss' | 'gradientNorm', Tensor>>
>;

/**
 * One training step as one graph: noise, network, loss, gradients, optimizer and moving average.
 * Fed `x`, `noise` (both [rows, ...shape]), `learningRate`, `step` (from 1) and `last` (1 on the
 * run that ends a step, 0 on micro-batches before it); gives `loss` and `gradientNorm`.
 */
export function compileStep(options: StepOptions, initial: StepState): Promise<TrainingStep> {
  const { rows, shape, effectiveSigma, specs, optimizer, clip } = options;
  const x = input('x', [rows, ...shape], options.bytes ? 'uint8' : 'float32');
  const noise = input('noise', [rows, ...shape]);
  const scalars = ['learningRate', 'step', 'last'].map((name) => input(name, []));
  const [learningRate, step, last] = scalars as [Tensor, Tensor, Tensor];
  const vector = (name: string) => input(name, [countParameters(specs)]);

  const parameters = vector('parameters');
  const clean = options.bytes ? mul(cast(x, 'float32'), 1 / 255) : x;
  const tensors = splitParameters(parameters, specs);
  const denoised = options.denoiser(
    bindParameters(tensors),
    add(clean, mul(noise, effectiveSigma)),
  );
  const loss = denoisingLoss(clean, denoised);
  const parts = grad(
    loss,
    specs.map(({ name }) => tensors[name]!),
  );
  const own = concat(parts.map((part) => reshape(part, [-1])));

  const sum = vector('gradient');
  const accumulate = options.microBatches > 1;
  const gradient = accumulate ? add(sum, mul(own, 1 / options.microBatches)) : own;
  const gradientNorm = sqrt(reduceSum(mul(gradient, gradient)));
  const clipped =
    clip === 0 ? gradient : mul(gradient, minimum(1, div(clip, maximum(gradientNorm, 1e-12))));

  const slots = optimizer.slots.map(({ name }) => vector(name));
  const updated = optimizer.update({ parameters, gradient: clipped, slots, learningRate, step });
  const average = vector('average');
  const averaged = add(average, mul(sub(updated.parameters, average), 1 - options.ema));

  const done = greater(last, 0.5);
  const keep = (next: Tensor, old: Tensor) => (accumulate ? where(done, next, old) : next);
  const state: Record<string, StateTensor> = {
    parameters: { value: parameters, next: keep(updated.parameters, parameters) },
    average: { value: average, next: keep(averaged, average) },
  };
  optimizer.slots.forEach(({ name }, i) => {
    state[name] = { value: slots[i]!, next: keep(updated.slots[i]!, slots[i]!) };
  });
  if (accumulate) state.gradient = { value: sum, next: where(done, mul(sum, 0), gradient) };
  const inputs = { x, noise, learningRate, step, ...(accumulate && { last }) };
  return compile({
    inputs,
    outputs: { loss, gradientNorm: reshape(gradientNorm, []) },
    state: Object.fromEntries(
      Object.entries(state).map(([name, entry]) => [
        name,
        { ...entry, ...(initial[name] && { initial: initial[name] }) },
      ]),
    ),
    device: options.device,
    ...(options.profile !== undefined && { profile: options.profile }),
  });
}

/** The parameter tensors of a flat vector [P], by name. */
function splitParameters(vector: Tensor, specs: readonly ParameterSpec[]): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of specs) {
    const end = start + sizeOf(shape);
    tensors[name] = reshape(slice(vector, [start], [end]), shape);
    start = end;
  }
  return tensors;
}
