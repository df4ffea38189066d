import type { Tensor } from '../../graph/index.ts';

/**
 * An optimizer as a value: a pure update in the graph, on all parameters as one flat vector, so
 * that one pass over memory serves every layer.
 */
export interface Optimizer {
  readonly name: string;
  /** Names of the vectors it keeps beside the parameters; they start at zero. */
  readonly slots: readonly string[];
  update(call: UpdateCall): { readonly parameters: Tensor; readonly slots: readonly Tensor[] };
}

export interface UpdateCall {
  /** Flat vectors [P]. */
  readonly parameters: Tensor;
  readonly gradient: Tensor;
  readonly slots: readonly Tensor[];
  /** Scalars: the learning rate of this step and its number, from 1. */
  readonly learningRate: Tensor;
  readonly step: Tensor;
}
