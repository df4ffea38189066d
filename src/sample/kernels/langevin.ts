/** What the Langevin kernels share: the exact flow under a frozen score, velocities, drift. */
import { type ChainNoise, stream } from '../noise.ts';

/**
 * The solution of dy = v dt, dv = −γ v dt + u ψ dt + √(2γu) dB over a time t while ψ stays what it
 * was at the start (Cheng, Chatterji, Bartlett & Jordan 2018, "Underdamped Langevin MCMC: A
 * non-asymptotic analysis", lemma 11), for each coordinate:
 *
 *     E y' = y + drift v + pushPosition ψ      Var y' = varPosition
 *     E v' = keep v + pushVelocity ψ           Var v' = varVelocity
 *                                              Cov(y', v') = covariance
 */
export interface Flow {
  keep: number;
  drift: number;
  pushPosition: number;
  pushVelocity: number;
  varPosition: number;
  covariance: number;
  varVelocity: number;
}

/**
 * Computes the coefficients of the flow over `time`, to a few roundings for any γt ≥ 0, zero
 * included.
 *
 * @param out is overwritten and returned, so that a hot loop allocates nothing.
 */
export function flow(
  time: number,
  friction: number,
  inverseMass: number,
  out: Flow = {
    keep: 0,
    drift: 0,
    pushPosition: 0,
    pushVelocity: 0,
    varPosition: 0,
    covariance: 0,
    varVelocity: 0,
  },
): Flow {
  const a = friction * time;
  const mean = meanKept(a);
  out.keep = Math.exp(-a);
  out.drift = time * mean;
  out.pushPosition = inverseMass * time * time * meanDrift(a);
  out.pushVelocity = inverseMass * time * mean;
  out.varPosition = inverseMass * time * time * spread(a);
  out.covariance = inverseMass * time * a * mean * mean;
  out.varVelocity = inverseMass * -Math.expm1(-2 * a);
  return out;
}

/** P = along ξ + aside η and V = kick ξ, of normal ξ and η. */
export interface FlowNoise {
  readonly along: number;
  readonly aside: number;
  readonly kick: number;
}

/** Factors the covariance of a flow's noise (P, V), by Cholesky. */
export function flowNoise({ varPosition, covariance, varVelocity }: Flow): FlowNoise {
  const kick = Math.sqrt(varVelocity);
  const along = kick > 0 ? covariance / kick : 0;
  return { along, aside: Math.sqrt(Math.max(0, varPosition - along * along)), kick };
}

/** Averages what is kept of a velocity over the time: (1 − e^{−a})/a, 1 at 0. */
export function meanKept(a: number): number {
  return a === 0 ? 1 : -Math.expm1(-a) / a;
}

/** Coefficients 1/n! of Σ_{n ≥ 2} (−a)^{n−2}/n!. */
const driftSeries = Float64Array.from({ length: 18 }, (_, k) => 1 / factorial(k + 2));
/** Coefficients (2^n − 4)/n! of a Σ_{n ≥ 3} (−a)^{n−3} (2^n − 4)/n!. */
const spreadSeries = Float64Array.from(
  { length: 24 },
  (_, k) => (2 ** (k + 3) - 4) / factorial(k + 3),
);

/** (a − 1 + e^{−a})/a², 1/2 at 0; by its series below 1, where the difference cancels. */
function meanDrift(a: number): number {
  return a >= 1 ? (a + Math.expm1(-a)) / (a * a) : horner(driftSeries, -a);
}

/** (2a − 4(1 − e^{−a}) + (1 − e^{−2a}))/a², about 2a/3 near 0; by its series below 1. */
function spread(a: number): number {
  if (a < 1) return a * horner(spreadSeries, -a);
  return (2 * a + 4 * Math.expm1(-a) - Math.expm1(-2 * a)) / (a * a);
}

function horner(coefficients: Float64Array, x: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k]!;
  return sum;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** Draws stationary velocities, v ~ N(0, u I), written into `velocity` `[chains, dimension]`. */
export function drawVelocity(
  noise: ChainNoise,
  counter: number,
  inverseMass: number,
  velocity: Float32Array,
): void {
  noise.normal(stream.velocity, counter, velocity);
  const scale = Math.sqrt(inverseMass);
  for (let i = 0; i < velocity.length; i++) velocity[i]! *= scale;
}

/** Moves along the velocity: y += time · v. */
export function drift(position: Float32Array, velocity: Float32Array, time: number): void {
  for (let i = 0; i < position.length; i++) position[i]! += time * velocity[i]!;
}
