import {
  add,
  cast,
  compile,
  concat,
  type Device,
  input,
  mul,
  type Shape,
  type StateTensor,
  type Tensor,
} from '../graph/index.ts';
import { denoisingLoss } from '../model/index.ts';
import { bindParameters, type Network, type ParameterSpec } from '../nn/index.ts';
import { createLayout, type Layout } from './layout.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import {
  gradientVectors,
  place,
  splitParameters,
  startingState,
  updateState,
  type Vectors,
  vectorInputs,
} from './update.ts';

export interface StepOptions {
  /** x̂ of what the network sees: [batch, stacked · shape[0], ...] → the same. */
  readonly denoiser: Network;
  readonly specs: readonly ParameterSpec[];
  /** Shape of one example. */
  readonly shape: Shape;
  /** Examples of one run of the graph. */
  readonly rows: number;
  /** Measurements that the network sees, stacked along the first axis: 1 where it sees their mean. */
  readonly stacked: number;
  /** Deviation of the noise in each: σ̃, or σ where it sees all measurements. */
  readonly inputSigma: number;
  /** Where given, the network sees counts, at this rate, in place of an example with noise. */
  readonly rate?: number | undefined;
  /** Whether examples arrive as bytes 0..255. */
  readonly bytes: boolean;
  readonly optimizer: Optimizer;
  /** Decay of the moving average of parameters. */
  readonly ema: number;
  /** Largest norm of the gradient: larger ones are scaled down to it; 0 is no limit. */
  readonly clip: number;
  /** Runs whose gradients are averaged into one update. */
  readonly microBatches: number;
  /** Compute the parts of the network again in the backward pass, to need less memory. */
  readonly recompute?: boolean;
  readonly device: Device;
  /** Threads of one run on the CPU; default: every core. */
  readonly threads?: number;
  /** Start of the path of a runtime profile to write. */
  readonly profile?: string;
}

export type { Vectors } from './update.ts';

/** What a call of the step is fed: `runs` parts of batches, as typed arrays. */
export interface StepInputs {
  /**
   * Examples [runs · rows, ...shape] and the noise of what is seen of them [runs · rows, stacked · shape[0], ...],
   * standard normal, or the counts that are seen.
   */
  readonly x: Uint8Array | Float32Array;
  readonly noise: Float32Array;
  /** Random bytes for each of the step's `masks`, [runs, ...mask]. */
  readonly random: readonly Uint8Array[];
  /** For each run: learning rate and number of its update, from 1. */
  readonly learningRate: readonly number[];
  readonly step: readonly number[];
  /** For each run: whether this part ends the update; until then gradients add up. */
  readonly last: readonly boolean[];
}

/** For each run: loss of its part, and norm of the gradient so far. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
}

export interface TrainingStep {
  /** Shapes of the random bytes that one run takes. */
  readonly masks: readonly Shape[];
  run(inputs: StepInputs): Promise<StepResult[]>;
  /** Everything kept, or the vectors named. */
  read(names?: readonly string[]): Promise<Vectors>;
  release(): Promise<void>;
}

/**
 * One training step as one graph: noise, network, loss, gradients, optimizer and moving average.
 * Keeps `parameters`, their moving average `average`, and the optimizer's slots. Several steps can
 * go in one call.
 */
export async function compileStep(options: StepOptions, initial: Vectors): Promise<TrainingStep> {
  const { device, threads, profile } = options;
  const layout = createLayout(options.specs);
  const { masks, ...graph } = buildStep(options, layout);
  const program = await compile({
    ...graph,
    // Not a variable: what is kept below must not keep the values that the state began with.
    state: startingState(graph.state, layout, initial),
    device,
    repeat: true,
    ...(threads !== undefined && { threads }),
    ...(profile !== undefined && { profile }),
  });
  return {
    masks: masks.map((mask) => mask.shape),
    run: async ({ random: drawn, ...inputs }) => {
      const results = await program({
        x: inputs.x,
        noise: inputs.noise,
        learningRate: Float32Array.from(inputs.learningRate),
        step: Float32Array.from(inputs.step),
        last: Float32Array.from(inputs.last, Number),
        ...Object.fromEntries(masks.map(({ name }, i) => [name, drawn[i]!])),
      });
      return inputs.step.map((_, i) => ({
        loss: Number(results.loss[i]),
        gradientNorm: Number(results.gradientNorm[i]),
      }));
    },
    read: async (names = vectorNames(options.optimizer)) => {
      const read: Record<string, Float32Array> = {};
      for (const name of names) {
        const parts = layout.segments.map((_, i) => program.state.read(place(name, i)));
        read[name] = layout.join((await Promise.all(parts)) as Float32Array[]);
      }
      return read;
    },
    release: program.release,
  };
}

/** The graph of a step, nothing compiled: what goes in, what comes out, what is kept. */
export function buildStep(options: StepOptions, layout = createLayout(options.specs)) {
  const { rows, shape, stacked, bytes, microBatches } = options;
  const x = input('x', [rows, ...shape], bytes ? 'uint8' : 'float32');
  const noise = input('noise', [rows, stacked * shape[0]!, ...shape.slice(1)]);
  const learningRate = input('learningRate', []);
  const step = input('step', []);
  const last = input('last', []);
  const parameters = vectorInputs(layout, 'parameters');
  const { loss, gradient, masks } = differentiate(options, layout, { parameters, x, noise });
  const given = { parameters, gradient, learningRate, step, last };
  const { state, gradientNorm } = updateState(options, layout, given);
  const random = Object.fromEntries(masks.map((mask) => [mask.name, mask]));
  return {
    inputs: { x, noise, learningRate, step, ...(microBatches > 1 && { last }), ...random },
    outputs: { loss, gradientNorm },
    state: state as Readonly<Record<string, StateTensor>>,
    masks,
  };
}

/** Names of the vectors that a step with this optimizer keeps from one update to the next. */
export function vectorNames({ slots }: Optimizer): string[] {
  return ['parameters', 'average', ...slots];
}

interface LossInputs {
  readonly parameters: readonly Tensor[];
  readonly x: Tensor;
  readonly noise: Tensor;
}

/** Loss, its gradient by segment, and the inputs for random bytes that it takes. */
function differentiate(options: StepOptions, { segments }: Layout, given: LossInputs) {
  const { specs, inputSigma, rate, stacked, denoiser, bytes, recompute = false } = options;
  const example = bytes ? mul(cast(given.x, 'float32'), 1 / 255) : given.x;
  const clean = concat(new Array<Tensor>(stacked).fill(example), 1);
  const tensors = splitParameters(given.parameters, segments);
  const noisy = rate === undefined ? add(clean, mul(given.noise, inputSigma)) : given.noise;
  const masks: Tensor[] = [];
  const randomBytes = (shape: Shape) => {
    const mask = input(`random/${masks.length}`, shape, 'uint8');
    masks.push(mask);
    return mask;
  };
  const scope = bindParameters(tensors, { randomBytes, recompute });
  // Of several measurements the mean of their losses (paper B, eq. 12).
  const total = denoisingLoss(clean, denoiser(scope, noisy));
  const loss = stacked === 1 ? total : mul(total, 1 / stacked);
  return { loss, gradient: gradientVectors(loss, tensors, { specs, segments }), masks };
}
