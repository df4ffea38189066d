import type { Info, Kernel, State } from '../kernel.ts';
import { stream } from '../noise.ts';
import { drawVelocity, type Flow, flow } from './langevin.ts';

/** Position and velocity, both `[chains, dimension]`. */
export interface ShenLeeState extends State {
  readonly velocity: Float32Array;
}

const info: Info = { scoreCalls: 2 };

/**
 * Underdamped Langevin dynamics by the randomized midpoint method (Shen & Lee 2019, "The randomized
 * midpoint method for log-concave sampling", algorithm 1). With α ~ U(0, 1) drawn for each chain
 * and step, t1 = αδ, t2 = δ − t1, κ(t) = (1 − e^{−γt})/γ:
 *
 *     y_α = y + κ(t1) v + (u/γ)(t1 − κ(t1)) ψ(y) + P1
 *     y'  = y + κ(δ) v + uδ κ(t2) ψ(y_α) + P2
 *     v'  = e^{−γδ} v + uδ e^{−γ t2} ψ(y_α) + V2
 *
 * P1, P2 and V2 are integrals of one Brownian path. It moves position and velocity by (p, w) over
 * t1 and by (p', w') over t2, with the covariances of `flow`; then P1 = p, P2 = p + κ(t2) w + p',
 * V2 = e^{−γ t2} w + w'. Given p, what is left of (P2, V2) is a normal pair, so three normal
 * numbers a coordinate are enough. Two score calls a step.
 *
 * Starts from stationary velocities. On a Gaussian the bias of the covariance is of
 * third order in δ. Stability, in mean square, on variance s²: δ√u < 1.56 s at
 * γδ = 1/2 (from the exact recursion; see the test). At γ = 0 the noise vanishes, α stays.
 */
export const shenLee: Kernel<ShenLeeState> = {
  name: 'shen-lee',
  title: 'Shen & Lee 2019',
  uses: { friction: true, inverseMass: true, trajectory: false },
  scoreCalls: 2,
  needsLogDensity: false,
  start(target, { stepSize, friction, inverseMass }, noise) {
    const { chains } = noise;
    const size = chains * target.dimension;
    const score = new Float32Array(size);
    const middle = new Float32Array(size);
    const xi = new Float32Array(size);
    const eta = new Float32Array(size);
    const zeta = new Float32Array(size);
    const alpha = new Float32Array(chains);
    const whole = flow(stepSize, friction, inverseMass);
    const halves: Halves[] = Array.from({ length: chains }, () => ({
      first: flow(0, friction, inverseMass),
      second: flow(0, friction, inverseMass),
      path: { middle: 0, position: 0, velocity: 0, along: 0, aside: 0, kick: 0 },
    }));
    function divide(): void {
      for (let chain = 0; chain < chains; chain++) {
        const { first, second, path } = halves[chain]!;
        const time = alpha[chain]! * stepSize;
        flow(time, friction, inverseMass, first);
        flow(stepSize - time, friction, inverseMass, second);
        brownianPath(first, second, path);
      }
    }
    return {
      async init(position) {
        const velocity = new Float32Array(size);
        drawVelocity(noise, 0, inverseMass, velocity);
        return { step: 0, position: position.slice(), velocity };
      },
      async step(state) {
        noise.normal(stream.step, state.step, xi);
        noise.normal(stream.step + 1, state.step, eta);
        noise.normal(stream.step + 2, state.step, zeta);
        noise.uniform(stream.step + 3, state.step, alpha);
        divide();
        await target.score(state.position, score);
        moveToMiddle(state, score, halves, xi, middle);
        await target.score(middle, score);
        moveToEnd(state, score, halves, whole, inverseMass * stepSize, xi, eta, zeta);
        state.step += 1;
        return info;
      },
    };
  },
};

/** The flows over t1 and t2 of one chain and the noise of their path. */
interface Halves {
  readonly first: Flow;
  readonly second: Flow;
  readonly path: Path;
}

/** Writes y_α into `middle`. */
function moveToMiddle(
  { position, velocity }: ShenLeeState,
  score: Float32Array,
  halves: readonly Halves[],
  xi: Float32Array,
  middle: Float32Array,
): void {
  const width = position.length / halves.length;
  for (let chain = 0, i = 0; chain < halves.length; chain++) {
    const { first, path } = halves[chain]!;
    const { drift, pushPosition } = first;
    for (const end = i + width; i < end; i++) {
      const moved = position[i]! + drift * velocity[i]! + pushPosition * score[i]!;
      middle[i] = moved + path.middle * xi[i]!;
    }
  }
}

/** y' and v' from the score at y_α; `impulse` is uδ. */
function moveToEnd(
  { position, velocity }: ShenLeeState,
  score: Float32Array,
  halves: readonly Halves[],
  whole: Flow,
  impulse: number,
  xi: Float32Array,
  eta: Float32Array,
  zeta: Float32Array,
): void {
  const width = position.length / halves.length;
  for (let chain = 0, i = 0; chain < halves.length; chain++) {
    const { second, path } = halves[chain]!;
    const { along, aside, kick } = path;
    const pushPosition = impulse * second.drift;
    const pushVelocity = impulse * second.keep;
    for (const end = i + width; i < end; i++) {
      const v = velocity[i]!;
      const psi = score[i]!;
      const noise = path.position * xi[i]! + along * eta[i]! + aside * zeta[i]!;
      position[i]! += whole.drift * v + pushPosition * psi + noise;
      const kicked = path.velocity * xi[i]! + kick * eta[i]!;
      velocity[i] = whole.keep * v + pushVelocity * psi + kicked;
    }
  }
}

/** P1 = middle ξ, P2 = position ξ + along η + aside ζ, V2 = velocity ξ + kick η. */
interface Path {
  middle: number;
  position: number;
  velocity: number;
  along: number;
  aside: number;
  kick: number;
}

/** Cholesky factor of the law of (P1, P2, V2), from the flows over t1 and t2; in place. */
function brownianPath(first: Flow, second: Flow, out: Path): void {
  // w = share ξ + a remainder of variance `rest`, independent of p = middle ξ.
  out.middle = Math.sqrt(first.varPosition);
  const share = out.middle > 0 ? first.covariance / out.middle : 0;
  const rest = Math.max(0, first.varVelocity - share * share);
  out.position = out.middle + second.drift * share;
  out.velocity = second.keep * share;
  const varPosition = second.drift * second.drift * rest + second.varPosition;
  const covariance = second.drift * second.keep * rest + second.covariance;
  const varVelocity = second.keep * second.keep * rest + second.varVelocity;
  out.kick = Math.sqrt(varVelocity);
  out.along = out.kick > 0 ? covariance / out.kick : 0;
  out.aside = Math.sqrt(Math.max(0, varPosition - out.along * out.along));
}
