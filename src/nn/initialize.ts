/** How a parameter starts: one number everywhere, or uniform on [−bound, bound]. */
export type Initializer = number | { readonly bound: number };

export const zeros: Initializer = 0;
export const ones: Initializer = 1;

/**
 * Initializes uniformly on ±1/√(inputs per output), the habit of the field for weights [out, in,
 * ...] and their biases (He et al. 2015 with a = √5, as PyTorch does).
 */
export function fanIn(inputs: number): Initializer {
  return { bound: 1 / Math.sqrt(inputs) };
}
