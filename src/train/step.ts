import type { NoiseLevels } from '../density/index.ts';
import { UserError } from '../errors.ts';
import {
  add,
  cast,
  compile,
  concat,
  type Device,
  input,
  mul,
  reshape,
  type Shape,
  type StateTensor,
  type Tensor,
} from '../graph/index.ts';
import {
  type ConditionConfig,
  conditionShape,
  type DataScale,
  denoisingLoss,
  lossWeight,
} from '../model/index.ts';
import { bindParameters, type Network, type ParameterSpec, type Told } from '../nn/index.ts';
import { type AverageOptions, averagesOf, type EmaRamp } from './averages.ts';
import { hiddenMatrices } from './hidden-matrices.ts';
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
  /**
   * Measurements that the network sees, stacked along the first axis: 1 where it sees their mean.
   */
  readonly stacked: number;
  /** Deviation of the noise in each: σ̃, or σ where it sees all measurements. */
  readonly inputSigma: number;
  /** Where given, the network sees counts, at this rate, in place of an example with noise. */
  readonly rate?: number | undefined;
  /**
   * Where given, every example has its own noise level and the network is told it; needs
   * `dataScale`.
   */
  readonly levels?: NoiseLevels | undefined;
  readonly dataScale?: DataScale | undefined;
  /** Where given, every example has a condition, or none, and the network is told it. */
  readonly condition?: ConditionConfig | undefined;
  /** Whether examples arrive as bytes 0..255. */
  readonly bytes: boolean;
  readonly optimizer: Optimizer;
  /** Decay of the moving average of parameters. */
  readonly ema: number;
  /** How that decay rises at first. Default `none`: it does not change. */
  readonly emaRamp?: EmaRamp;
  /** Steps between snapshots of two more averages; 0, the default: they are not kept. */
  readonly snapshotEvery?: number;
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
   * Examples [runs · rows, ...shape] and the noise of what is seen of them [runs · rows,
   * stacked · shape[0], ...], standard normal, or the counts that are seen.
   */
  readonly x: Uint8Array | Float32Array;
  readonly noise: Float32Array;
  /** σ̃ of each example, [runs · rows], where the network is told it. */
  readonly level?: Float32Array | undefined;
  /** Class or vector of each example, [runs · rows, ...], where the network is told it. */
  readonly condition?: Float32Array | undefined;
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
  /** Starts the update that is in hand again: gradients of its parts so far are dropped. */
  forget(): void;
  release(): Promise<void>;
}

/**
 * Compiles one training step as one graph: noise, network, loss, gradients, optimizer and moving
 * average. Keeps `parameters`, their moving average `average`, and the optimizer's slots. Several
 * steps can go in one call.
 */
export async function compileStep(options: StepOptions, initial: Vectors): Promise<TrainingStep> {
  const { device, threads, profile } = options;
  const layout = layoutOf(options);
  const { masks, ...graph } = buildStep(options, layout);
  const averages = averagesOf(options);
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
        ...(inputs.level && { level: inputs.level }),
        ...(inputs.condition && { condition: inputs.condition }),
        learningRate: Float32Array.from(inputs.learningRate),
        step: Float32Array.from(inputs.step),
        last: Float32Array.from(inputs.last, Number),
        ...Object.fromEntries(
          averages.map(({ name, weight }) => [
            weightOf(name),
            Float32Array.from(inputs.step, weight),
          ]),
        ),
        ...Object.fromEntries(masks.map(({ name }, i) => [name, drawn[i]!])),
      });
      return inputs.step.map((_, i) => ({
        loss: Number(results.loss[i]),
        gradientNorm: Number(results.gradientNorm[i]),
      }));
    },
    read: async (names = vectorNames(options)) => {
      const read: Record<string, Float32Array> = {};
      for (const name of names) {
        const parts = layout.segments.map(({ size }, i) =>
          // Of some segments an optimizer keeps less.
          graph.state[place(name, i)] ? program.state.read(place(name, i)) : new Float32Array(size),
        );
        read[name] = layout.join((await Promise.all(parts)) as Float32Array[]);
      }
      return read;
    },
    forget: () => {
      layout.segments.forEach(({ size }, i) => {
        const name = place('gradient', i);
        if (graph.state[name]) program.state.write(name, new Float32Array(size));
      });
    },
    release: program.release,
  };
}

/** Builds the graph of a step, nothing compiled: what goes in, what comes out, what is kept. */
export function buildStep(options: StepOptions, layout = layoutOf(options)) {
  const { microBatches } = options;
  const { x, noise, told } = exampleInputs(options);
  const learningRate = input('learningRate', []);
  const step = input('step', []);
  const last = input('last', []);
  const parameters = vectorInputs(layout, 'parameters');
  const { loss, gradient, masks } = differentiate(options, layout, {
    parameters,
    x,
    noise,
    told,
  });
  const names = averagesOf(options).map(({ name }) => name);
  const averages = Object.fromEntries(names.map((name) => [name, input(weightOf(name), [])]));
  const weights = Object.fromEntries(Object.values(averages).map((given) => [given.name, given]));
  const given = { parameters, gradient, learningRate, step, averages, last };
  const { state, gradientNorm } = updateState(options, layout, given);
  const random = Object.fromEntries(masks.map((mask) => [mask.name, mask]));
  return {
    inputs: {
      x,
      noise,
      ...(told as Readonly<Record<string, Tensor>>),
      learningRate,
      step,
      ...weights,
      ...(microBatches > 1 && { last }),
      ...random,
    },
    outputs: { loss, gradientNorm },
    state: state as Readonly<Record<string, StateTensor>>,
    masks,
  };
}

/**
 * Where a step keeps its parameters: apart, those that its optimizer treats as matrices.
 *
 * @throws UserError if the optimizer is one of matrices and the network has none between its first
 *   and last.
 */
function layoutOf(options: StepOptions): Layout {
  const { specs, optimizer } = options;
  if (optimizer.matrixSlots === undefined) return createLayout(specs);
  const examples = exampleInputs(options);
  const tensors = Object.fromEntries(specs.map(({ name, shape }) => [name, input(name, shape)]));
  const { loss } = buildLoss({ ...options, recompute: false }, tensors, examples);
  const matrices = hiddenMatrices(loss, tensors);
  if (matrices.size > 0) return createLayout(specs, matrices);
  throw new UserError(
    `optimizer: ${optimizer.name} is for matrices between a network's first and last layers, and this network has none; take another optimizer, such as adamw`,
    { facts: { option: 'optimizer', optimizer: optimizer.name } },
  );
}

/** Name of the input for the weight of the newest parameters in an average. */
const weightOf = (average: string) => `weight/${average}`;

/** Names of the vectors that a step keeps from one update to the next. */
export function vectorNames(options: AverageOptions & { readonly optimizer: Optimizer }): string[] {
  const averages = averagesOf(options).map(({ name }) => name);
  return ['parameters', ...averages, ...options.optimizer.slots];
}

function exampleInputs(options: StepOptions): ExampleInputs {
  const { rows, shape, stacked, bytes, levels, condition } = options;
  return {
    x: input('x', [rows, ...shape], bytes ? 'uint8' : 'float32'),
    noise: input('noise', [rows, stacked * shape[0]!, ...shape.slice(1)]),
    told: {
      ...(levels && { level: input('level', [rows]) }),
      ...(condition && { condition: input('condition', [rows, ...conditionShape(condition)]) }),
    },
  };
}

interface ExampleInputs {
  readonly x: Tensor;
  readonly noise: Tensor;
  readonly told: Told;
}

interface LossInputs extends ExampleInputs {
  readonly parameters: readonly Tensor[];
}

/** Loss, its gradient by segment, and the inputs for random bytes that it takes. */
function differentiate(options: StepOptions, { segments }: Layout, given: LossInputs) {
  const tensors = splitParameters(given.parameters, segments);
  const { loss, masks } = buildLoss(options, tensors, given);
  return {
    loss,
    gradient: gradientVectors(loss, tensors, { specs: options.specs, segments }),
    masks,
  };
}

/** Loss, and the inputs for random bytes that it takes. */
function buildLoss(
  options: StepOptions,
  tensors: Readonly<Record<string, Tensor>>,
  given: ExampleInputs,
) {
  const { inputSigma, rate, stacked, dataScale, denoiser, bytes, recompute = false } = options;
  const example = bytes ? mul(cast(given.x, 'float32'), 1 / 255) : given.x;
  const clean = concat(new Array<Tensor>(stacked).fill(example), 1);
  const { level } = given.told;
  const sigma = level
    ? reshape(level, [level.shape[0]!, ...clean.shape.slice(1).map(() => 1)])
    : inputSigma;
  const noisy = rate === undefined ? add(clean, mul(given.noise, sigma)) : given.noise;
  const masks: Tensor[] = [];
  const randomBytes = (shape: Shape) => {
    const mask = input(`random/${masks.length}`, shape, 'uint8');
    masks.push(mask);
    return mask;
  };
  const scope = bindParameters(tensors, { randomBytes, recompute });
  // Of several measurements the mean of their losses (paper B, eq. 12).
  const weight = level && lossWeight(level, dataScale!);
  const total = denoisingLoss(clean, denoiser(scope, noisy, given.told), weight);
  const loss = stacked === 1 ? total : mul(total, 1 / stacked);
  return { loss, masks };
}
