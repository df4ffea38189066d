/**
 * Maps draws by (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021, equation 14): each value
 * becomes the normal quantile of (r − 3/8)/(N + 1/4), r its rank among all N values of all chains;
 * equal values share their mean rank.
 */
export function rankNormalise(chains: readonly Float64Array[]): Float64Array[] {
  const sorted = joined(chains).sort();
  const count = sorted.length;
  return chains.map((chain) =>
    chain.map((value) => {
      const rank = (countBelow(sorted, value, false) + countBelow(sorted, value, true) + 1) / 2;
      return normalQuantile((rank - 3 / 8) / (count + 1 / 4));
    }),
  );
}

/** Computes the distances from the median of all values, for diagnostics of the spread. */
export function fold(chains: readonly Float64Array[]): Float64Array[] {
  const sorted = joined(chains).sort();
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  return chains.map((chain) => chain.map((value) => Math.abs(value - median)));
}

function joined(chains: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(chains.length * chains[0]!.length);
  for (const [i, chain] of chains.entries()) all.set(chain, i * chain.length);
  return all;
}

/** Values of `sorted` below `value`, or with `orEqual` not above it, by bisection. */
function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value || (orEqual && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Coefficients of algorithm AS 241, PPND16, highest power first.
const centreTop = [
  2509.0809287301227, 33430.575583588128, 67265.7709270087, 45921.95393154987, 13731.693765509461,
  1971.5909503065513, 133.14166789178438, 3.387132872796366,
];
const centreBottom = [
  5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const tailTop = [
  7.745450142783414e-4, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
  3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const tailBottom = [
  1.0507500716444169e-9, 5.475938084995345e-4, 0.015198666563616457, 0.14810397642748008,
  0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
];

/**
 * Computes the quantile function of the standard normal distribution (Wichura 1988, algorithm AS
 * 241), relative error about 1e-16.
 *
 * @param p of the interval (e^−25, 1 − e^−25): beyond lie ranks among more than 10^10 values.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(centreTop, r)) / polynomial(centreBottom, r);
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p))) - 1.6;
  return (Math.sign(q) * polynomial(tailTop, r)) / polynomial(tailBottom, r);
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}
