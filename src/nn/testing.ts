/** What the tests of networks share: a network built with parameters that carry their values. */
import { sizeOf, type Tensor } from '../graph/index.ts';
import { createDraw, fed } from '../graph/testing.ts';
import {
  bindParameters,
  initializeParameters,
  listParameters,
  type Network,
  type ParameterSpec,
} from './scope.ts';

interface Built {
  readonly y: Tensor;
  readonly specs: readonly ParameterSpec[];
  readonly parameters: Readonly<Record<string, Tensor>>;
}

/** The network as it starts, or with normal numbers of deviation 0.3 everywhere. */
export function buildWith(network: Network, x: Tensor, values: 'initial' | 'random'): Built {
  const specs = listParameters(network, x.shape.slice(1));
  const start = initializeParameters(specs, 3);
  const all =
    values === 'initial'
      ? start
      : createDraw(3)
          .normal(start.length)
          .map((v) => 0.3 * v);
  let at = 0;
  const entries = specs.map(({ name, shape }) => {
    const part = all.slice(at, at + sizeOf(shape));
    at += part.length;
    return [name, fed(shape, part)] as const;
  });
  const parameters = Object.fromEntries(entries);
  return { y: network(bindParameters(parameters), x), specs, parameters };
}
