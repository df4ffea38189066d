/** The outer step of training on many machines. */

/** Vectors [P] that an outer step moves. */
export interface OuterVectors {
  /** θ_r, what every worker of a round starts from. */
  readonly parameters: Float32Array;
  readonly momentum: Float32Array;
  /** Moving average of the θ_r: the model. */
  readonly average: Float32Array;
}

export interface OuterStepOptions {
  /** θ_r − θ_k of each worker that came, in a fixed order: sums depend on it. */
  readonly deltas: readonly Float32Array[];
  readonly rate: number;
  readonly momentum: number;
  /** How far the average goes to the new parameters. */
  readonly averageWeight: number;
}

/**
 * Makes the outer step of DiLoCo (Douillard et al. 2023, algorithm 1): SGD with Nesterov momentum
 * on the mean of the deltas, v ← μv + Δ, θ ← θ − η(Δ + μv).
 */
export function outerStep(
  { parameters, momentum, average }: OuterVectors,
  { deltas, rate, momentum: decay, averageWeight }: OuterStepOptions,
): OuterVectors {
  const next = {
    parameters: new Float32Array(parameters.length),
    momentum: new Float32Array(parameters.length),
    average: new Float32Array(parameters.length),
  };
  for (let i = 0; i < parameters.length; i++) {
    let sum = 0;
    for (const delta of deltas) sum += delta[i]!;
    const mean = sum / deltas.length;
    const velocity = decay * momentum[i]! + mean;
    const moved = parameters[i]! - rate * (mean + decay * velocity);
    next.momentum[i] = velocity;
    next.parameters[i] = moved;
    next.average[i] = average[i]! + averageWeight * (moved - average[i]!);
  }
  return next;
}
