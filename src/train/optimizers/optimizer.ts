import type { Tensor } from '../../graph/index.ts';

/**
 * An optimizer as a value: a pure update in the graph. It sees a vector of parameters, several
 * small ones or one large (see `train/layout.ts`), and treats every element alike.
 */
export interface Optimizer {
  readonly name: string;
  /** Names of the vectors it keeps beside the parameters; they start at zero. */
  readonly slots: readonly string[];
  update(call: UpdateCall): { readonly parameters: Tensor; readonly slots: readonly Tensor[] };
}

export interface UpdateCall {
  /** Vectors of one size. */
  readonly parameters: Tensor;
  readonly gradient: Tensor;
  readonly slots: readonly Tensor[];
  /** Scalars: the learning rate of this step and its number, from 1. */
  readonly learningRate: Tensor;
  readonly step: Tensor;
}
