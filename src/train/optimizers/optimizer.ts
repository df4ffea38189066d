import type { Shape, Tensor } from '../../graph/index.ts';

/**
 * An optimizer as a value: a pure update in the graph. It sees a vector of parameters, several
 * small ones or one large (see `train/layout.ts`), and treats every element alike; or, if it has
 * `matrixSlots`, hidden matrices of one shape as such, and every element of the rest alike.
 */
export interface Optimizer {
  readonly name: string;
  /** Names of the vectors it keeps beside the parameters; they start at zero. */
  readonly slots: readonly string[];
  /**
   * Which of them it keeps for hidden matrices. Absent: it does not tell these from other
   * parameters.
   */
  readonly matrixSlots?: readonly string[];
  update(call: UpdateCall): { readonly parameters: Tensor; readonly slots: readonly Tensor[] };
}

export interface UpdateCall {
  /** Vectors of one size. */
  readonly parameters: Tensor;
  readonly gradient: Tensor;
  readonly slots: readonly Tensor[];
  /** [k, m, n] where the vectors are k hidden matrices m×n, row after row. */
  readonly matrices?: Shape | undefined;
  /** Scalars: the learning rate of this step and its number, from 1. */
  readonly learningRate: Tensor;
  readonly step: Tensor;
}

/** Lists the slots that an optimizer keeps for parameters that are hidden matrices or are not. */
export const slotsOf = ({ slots, matrixSlots }: Optimizer, areMatrices: boolean) =>
  areMatrices ? (matrixSlots ?? slots) : slots;
