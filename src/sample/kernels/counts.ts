/** What the walks on counts share: exact draws, rates, checks. */
import { logFactorial } from '../../density/log-factorial.ts';
import { UserError } from '../../errors.ts';

/**
 * Draws the binomial count of `n` trials of probability `p` at a uniform number u of (0, 1): exact
 * inversion, with the counts taken from the mode outwards as in `drawPoisson`.
 */
export function binomialCount(u: number, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const odds = p / (1 - p);
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const choices = logFactorial(n) - logFactorial(mode) - logFactorial(n - mode);
  const atMode = Math.exp(choices + mode * Math.log(p) + (n - mode) * Math.log1p(-p));
  let left = u - atMode;
  let [up, above, down, below] = [mode, atMode, mode, atMode];
  while (left > 0) {
    if (up < n) {
      above *= ((n - up) / (up + 1)) * odds;
      up += 1;
      left -= above;
      if (left <= 0) return up;
    }
    if (down > 0) {
      below *= down / (n - down + 1) / odds;
      down -= 1;
      left -= below;
      if (left <= 0) return down;
    }
    if ((up === n || above < TINY) && (down === 0 || below < TINY)) return mode;
  }
  return mode;
}

/** Far below the cells of 2^−46 that `refined` numbers fall in. */
const TINY = 1e-24;

/** Refines a uniform number to 46 bits by two of 23: the second divides the cell of the first. */
export function refined(first: number, second: number): number {
  return first + (second - 0.5) * 2 ** -23;
}

/**
 * Checks that a position holds counts of at most 2^24, which float32 holds exactly.
 *
 * @throws UserError when a starting position is not a count that float32 holds.
 */
export function checkCounts(position: Float32Array, chains: number): void {
  const bad = position.findIndex((y) => !(y >= 0 && y <= 2 ** 24 && Number.isInteger(y)));
  if (bad < 0) return;
  const chain = Math.floor(bad / (position.length / chains));
  throw new UserError(
    `initial: ${position[bad]} at chain ${chain} is not a count; give whole numbers from 0 to 2^24`,
  );
}

/**
 * Checks the rate λ of the noise and the time of a step.
 *
 * @throws UserError unless λ and the time of a step are finite and above 0.
 */
export function checkRates(rate: number, time: number): void {
  for (const [name, value] of [
    ['rate', rate],
    ['stepSize', time],
  ] as const) {
    if (Number.isFinite(value) && value > 0) continue;
    throw new UserError(`${name}: ${value} is out of range; give a finite number above 0`);
  }
}

/**
 * Computes λ x̂_l, the rate of births. An estimate below 0, which a network may give near 0, counts
 * as 0.
 *
 * @throws UserError when the estimate is not finite.
 */
export function birthRate(estimate: number, rate: number, chain: number, step: number): number {
  const births = rate * estimate;
  if (Number.isFinite(births)) return Math.max(0, births);
  throw new UserError(
    `chain ${chain} of this batch, step ${step}: the estimate of x is ${estimate}; check the estimator`,
  );
}
