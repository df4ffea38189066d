/** Finds the index of the first value that is NaN or infinite, or −1. */
export function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]!) < Number.POSITIVE_INFINITY)) return i;
  }
  return -1;
}
