import { GraphError, input, recompute, type Shape, sizeOf, type Tensor } from '../graph/index.ts';
import { fillUniform, randomKey } from '../random.ts';
import type { Initializer } from './initialize.ts';

/** A parameter a network asks for: its full name, its shape and how it starts. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initialize: Initializer;
}

/** Where a layer finds its parameters: names below a scope get its prefix. */
export interface Scope {
  at(name: string | number): Scope;
  parameter(name: string, shape: Shape, initialize: Initializer): Tensor;
  /** Uniform bytes, new ones at every step, while training; otherwise none. */
  randomBytes(shape: Shape): Tensor | undefined;
  /**
   * A part of the network, which depends on `inputs` alone. Training may choose to compute it again
   * in the backward pass, rather than to keep what is inside.
   */
  part(
    build: (scope: Scope, inputs: readonly Tensor[]) => Tensor,
    inputs: readonly Tensor[],
  ): Tensor;
}

/**
 * What a network is told beside its input: its noise level, or a time in its place, and a
 * condition.
 */
export interface Told {
  /** σ̃ of the noise in each example, [N], or [1] for all. */
  readonly level?: Tensor | undefined;
  /** A time, such as a diffusion's, in place of the level: [N], or [1] for all. */
  readonly times?: Tensor | undefined;
  /** A condition of each example, [N, size]; a row of zeros is none. */
  readonly condition?: Tensor | undefined;
}

/**
 * A network is a function of its parameters, its input and what it is told beside it, built into
 * the graph when called.
 */
export type Network = (scope: Scope, x: Tensor, told?: Told) => Tensor;

/**
 * Lists the parameters of a network for one example's shape, in the order it asks for them.
 *
 * @param told what it is told, of one example.
 */
export function listParameters(network: Network, shape: Shape, told?: Told): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  const resolve = (spec: ParameterSpec) => {
    if (specs.some(({ name }) => name === spec.name)) {
      throw new GraphError(`parameter "${spec.name}" is made twice; give each layer its own name`);
    }
    specs.push(spec);
    return input(spec.name, spec.shape);
  };
  const scope = createScope({ resolve, randomBytes: () => undefined, recompute: false });
  network(scope, input('x', [1, ...shape]), told);
  return specs;
}

export interface BindOptions {
  /** Random bytes, for what is random while training. */
  readonly randomBytes?: Scope['randomBytes'];
  /** Compute the parts of the network again in the backward pass. */
  readonly recompute?: boolean;
}

/** Makes a scope that gives out ready tensors by name. */
export function bindParameters(
  tensors: Readonly<Record<string, Tensor>>,
  { randomBytes = () => undefined, recompute = false }: BindOptions = {},
): Scope {
  const resolve = ({ name }: ParameterSpec) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new GraphError(`parameter "${name}" is not bound`);
    return tensor;
  };
  return createScope({ resolve, randomBytes, recompute });
}

/** Draws the starting values of all parameters, one after another in the order of `specs`. */
export function initializeParameters(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const values = new Float32Array(countParameters(specs));
  let start = 0;
  specs.forEach(({ shape, initialize }, i) => {
    const part = values.subarray(start, start + sizeOf(shape));
    if (typeof initialize === 'number') part.fill(initialize);
    else {
      // Zero: a stream of its own beside those of batches.
      fillUniform(randomKey(seed, 0, i), 0, part);
      for (let j = 0; j < part.length; j++) part[j] = (2 * part[j]! - 1) * initialize.bound;
    }
    start += part.length;
  });
  return values;
}

/** Counts the numbers in all parameters. */
export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

interface Source {
  readonly resolve: (spec: ParameterSpec) => Tensor;
  readonly randomBytes: Scope['randomBytes'];
  readonly recompute: boolean;
}

function createScope(source: Source, prefix = ''): Scope {
  const scope: Scope = {
    at: (name) => createScope(source, `${prefix}${name}.`),
    parameter: (name, shape, initialize) =>
      source.resolve({ name: `${prefix}${name}`, shape, initialize }),
    randomBytes: source.randomBytes,
    part: (build, inputs) =>
      source.recompute ? recomputed(source, prefix, build, inputs) : build(scope, inputs),
  };
  return scope;
}

/** Builds once to learn which parameters and random bytes a part uses, then with them as given. */
function recomputed(
  source: Source,
  prefix: string,
  build: (scope: Scope, inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): Tensor {
  const used = new Map<string, Tensor>();
  const bytes: (Tensor | undefined)[] = [];
  const remember = <T>(value: T, keep: (value: T) => void): T => {
    keep(value);
    return value;
  };
  const recording: Source = {
    resolve: (spec) => remember(source.resolve(spec), (tensor) => used.set(spec.name, tensor)),
    randomBytes: (shape) => remember(source.randomBytes(shape), (drawn) => bytes.push(drawn)),
    recompute: false,
  };
  build(createScope(recording, prefix), inputs);
  const names = [...used.keys()];
  const again = (given: readonly Tensor[], parameters: readonly Tensor[]) => {
    let drawn = 0;
    const resolve = ({ name }: ParameterSpec) => parameters[names.indexOf(name)]!;
    const replay = { resolve, randomBytes: () => bytes[drawn++], recompute: false };
    return build(createScope(replay, prefix), given);
  };
  return recompute(again, inputs, [...used.values()]);
}
