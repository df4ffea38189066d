const TABLE_SIZE = 256;
const table = new Float64Array(TABLE_SIZE);
for (let n = 2; n < TABLE_SIZE; n++) table[n] = table[n - 1]! + Math.log(n);

/**
 * Computes log n!, from a table to 255 and by Stirling's series beyond (Abramowitz & Stegun 6.1.41;
 * the next term is below 1e-19). Infinity where n is not a count, so that such an n has probability
 * 0.
 */
export function logFactorial(n: number): number {
  if (!(n >= 0) || n !== Math.floor(n)) return Number.POSITIVE_INFINITY;
  if (n < TABLE_SIZE) return table[n]!;
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square / 1260));
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + series;
}
