import { GraphError, input, type Shape, sizeOf, type Tensor } from '../graph/index.ts';
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
}

/** A network is a function of its parameters and its input, built into the graph when called. */
export type Network = (scope: Scope, x: Tensor) => Tensor;

/** The parameters of a network for one example's shape, in the order it asks for them. */
export function listParameters(network: Network, shape: Shape): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  const scope = createScope((spec) => {
    if (specs.some(({ name }) => name === spec.name)) {
      throw new GraphError(`parameter "${spec.name}" is made twice; give each layer its own name`);
    }
    specs.push(spec);
    return input(spec.name, spec.shape);
  });
  network(scope, input('x', [1, ...shape]));
  return specs;
}

/** A scope that gives out ready tensors by name, and random bytes where there are any. */
export function bindParameters(
  tensors: Readonly<Record<string, Tensor>>,
  randomBytes: Scope['randomBytes'] = () => undefined,
): Scope {
  const resolve = ({ name }: ParameterSpec) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new GraphError(`parameter "${name}" is not bound`);
    return tensor;
  };
  return createScope(resolve, randomBytes);
}

/** Starting values of all parameters, one after another in the order of `specs`. */
export function initializeParameters(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const values = new Float32Array(countParameters(specs));
  let start = 0;
  specs.forEach(({ shape, initialize }, i) => {
    const part = values.subarray(start, start + sizeOf(shape));
    if (typeof initialize === 'number') part.fill(initialize);
    else {
      fillUniform(randomKey(seed, i), 0, part);
      for (let j = 0; j < part.length; j++) part[j] = (2 * part[j]! - 1) * initialize.bound;
    }
    start += part.length;
  });
  return values;
}

export function countParameters(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function createScope(
  resolve: (spec: ParameterSpec) => Tensor,
  randomBytes: Scope['randomBytes'] = () => undefined,
  prefix = '',
): Scope {
  return {
    at: (name) => createScope(resolve, randomBytes, `${prefix}${name}.`),
    parameter: (name, shape, initialize) =>
      resolve({ name: `${prefix}${name}`, shape, initialize }),
    randomBytes,
  };
}
