/**
 * Warnings about a step and a friction that do not go together, from what is known of each kernel
 * on a Gaussian. Along a direction in which x does not vary only noise spreads y, with variance σ²:
 * the stiffest there is, whatever the density.
 */
import { ubuStability } from '../../src/sample/kernels/stability.ts';

export interface Pace {
  readonly kernel: string;
  /** Step in units of σ. */
  readonly stepSize: number;
  /** γδ. */
  readonly friction: number;
  /** u; 1 by default. */
  readonly inverseMass?: number;
}

/** A warning, and the friction or step that mends it. */
export interface Hint {
  readonly text: string;
  readonly friction?: number;
  readonly stepSize?: number;
}

/** A variance so many times too large is worth a word. */
const TOO_WIDE = 1.15;

/** Returns a warning about settings that spread chains too far; undefined where there is none. */
export function hintFor(pace: Pace): Hint | undefined {
  const spread = spreadOf(pace);
  if (!(spread > TOO_WIDE)) return undefined;
  const what = Number.isFinite(spread)
    ? `spreads noise ${Number(Math.sqrt(spread).toPrecision(2))} times too far`
    : 'is unstable: chains run away';
  const text = `At a step of ${pace.stepSize} σ${pace.kernel === 'cheng' ? ` and a friction of ${pace.friction}` : ''} ${pace.kernel} ${what}.`;
  const friction = pace.kernel === 'cheng' ? enoughFriction(pace) : undefined;
  if (friction !== undefined) return { text, friction };
  const stepSize = shorterStep(pace);
  return stepSize === undefined ? { text } : { text, stepSize };
}

/**
 * Returns the stationary variance of a chain on N(0, 1), with the step in units of its deviation: 1
 * where there is no bias, infinity beyond stability (docstrings of `src/sample/kernels`).
 */
export function spreadOf({ kernel, stepSize, friction, inverseMass = 1 }: Pace): number {
  const step = stepSize * Math.sqrt(inverseMass);
  if (kernel === 'mala' || kernel === 'malt') return 1;
  if (kernel === 'cheng') return chengSpread(stepSize, friction, inverseMass);
  // At γδ = 1/2; a little more at other frictions.
  if (kernel === 'shen-lee') return step < 1.5 ? 1 : Number.POSITIVE_INFINITY;
  if (kernel === 'ubu') {
    // Too narrow, if anything.
    return step * step < ubuStability.limit(friction) ? 1 : Number.POSITIVE_INFINITY;
  }
  if (step >= 2) return Number.POSITIVE_INFINITY;
  return kernel === 'ula' ? 1 / (1 - (step * step) / 4) : 1;
}

type Matrix = readonly [number, number, number, number];

/** Var y of Σ = A Σ Aᵀ + Q, for the linear step of `cheng` on N(0, 1). */
function chengSpread(delta: number, effective: number, u: number): number {
  const gamma = effective / delta;
  const keep = Math.exp(-effective);
  const kappa = -Math.expm1(-effective) / gamma;
  const rest = delta - kappa;
  let a: Matrix = [1 - (u / gamma) * rest, kappa, -u * kappa, keep];
  const cross = (u / gamma) * (1 - keep) ** 2;
  let sum: Matrix = [
    (u / gamma) * (2 * delta - 4 * kappa + (1 - keep * keep) / gamma),
    cross,
    cross,
    u * (1 - keep * keep),
  ];
  // Doubling: after k rounds the sum has 2^k terms.
  for (let round = 0; round < 40; round++) {
    sum = plus(sum, times(times(a, sum), [a[0], a[2], a[1], a[3]]));
    a = times(a, a);
    if (!(sum[0] < 1e6)) return Number.POSITIVE_INFINITY;
  }
  return sum[0];
}

const times = (a: Matrix, b: Matrix): Matrix => [
  a[0] * b[0] + a[1] * b[2],
  a[0] * b[1] + a[1] * b[3],
  a[2] * b[0] + a[3] * b[2],
  a[2] * b[1] + a[3] * b[3],
];

const plus = (a: Matrix, b: Matrix): Matrix => [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];

const frictions = [0.25, 0.5, 1, 2, 4, 8];

function enoughFriction(pace: Pace): number | undefined {
  return frictions.find(
    (friction) => friction > pace.friction && spreadOf({ ...pace, friction }) <= TOO_WIDE,
  );
}

function shorterStep(pace: Pace): number | undefined {
  for (let k = 1; k <= 8; k++) {
    const stepSize = Number((pace.stepSize / 2 ** k).toPrecision(2));
    if (spreadOf({ ...pace, stepSize }) <= TOO_WIDE) return stepSize;
  }
  return undefined;
}
