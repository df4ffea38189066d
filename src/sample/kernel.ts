/**
 * The shape that every kernel of `kernels/` shares, after BlackJAX: a kernel is a value; started on
 * a target it gives a walk, which is `init` and `step` over a plain State. Adding a kernel is one
 * file and one line in `kernels/index.ts`.
 *
 * C chains walk as one batch, on arrays `[chains, dimension]`, row-major; `dimension` is M·d for a
 * walk on y and d for a walk on ȳ.
 */
import type { LinearStability } from '../density/stability.ts';
import type { ChainNoise } from './noise.ts';

/** A density to walk: its score, and its logarithm where a Metropolis test needs one. */
export interface Target {
  /** Numbers in the position of one chain. */
  readonly dimension: number;
  /** Writes ψ(y) = ∇ log p(y) into `out`; both `[chains, dimension]`. */
  score(y: Float32Array, out: Float32Array): Promise<void>;
  /** Writes log p(y), up to one constant, into `out` `[chains]`. */
  logDensity?(y: Float32Array, out: Float64Array): Promise<void>;
}

/**
 * A density of counts y ∈ {0, 1, …}^dimension with y_l ~ Poisson(λ x_l), through its Bayes
 * estimator (Saremi & Srivastava 2022, "Multimeasurement generative models", Poisson measurements).
 * For M measurements walk their sum, which is Poisson(Mλx) and sufficient: give Mλ as the rate.
 */
export interface CountTarget {
  /** Counts in the position of one chain. */
  readonly dimension: number;
  /** λ, above 0: expected counts per unit of x. */
  readonly rate: number;
  /** Writes x̂(y) = E[x|y] into `out`; both `[rows, dimension]`, any number of rows. */
  estimate(y: Float32Array, out: Float32Array): Promise<void>;
}

/** Parameters of a walk, in absolute units. A kernel that has no use for one ignores it. */
export interface KernelParameters {
  /** δ, a time; with unit inverse mass it has the unit of y. */
  readonly stepSize: number;
  /** γ, per unit of time; the effective friction of one step is γδ. */
  readonly friction: number;
  /** u = 1/L; velocities are distributed as N(0, u I). */
  readonly inverseMass: number;
  /** L, steps of one trajectory of `malt`. Default 10. */
  readonly trajectorySteps?: number;
}

/**
 * Where the chains stand: numbers and typed arrays only, so that `structuredClone` copies it and
 * any format that holds arrays saves it. A kernel adds the arrays it needs. `step` and the contents
 * of the arrays change in place; nothing else about a walk changes, so a restored State continues
 * to the same bits.
 */
export interface State {
  /** Steps made since the start of the walk; also the counter of the next step's noise. */
  step: number;
  /** y, `[chains, dimension]`; counts up to 2^24 are exact. */
  readonly position: Float32Array;
}

/** What one step reports. The object and its arrays may be reused by the next step. */
export interface Info {
  /** Score calls this step made. */
  readonly scoreCalls: number;
  /** Acceptance probability of each chain, from kernels with a Metropolis test. */
  readonly acceptance?: Float64Array;
}

/**
 * A kernel at work on one target: `state = await init(position)`, then `step(state)` again and
 * again.
 */
export interface Walk<S extends State = State> {
  /** A state at step 0 that owns a copy of `position` `[chains, dimension]`. */
  init(position: Float32Array): Promise<S>;
  /** Moves every chain by one step, in place. */
  step(state: S): Promise<Info>;
}

/** The parameters that a kernel makes use of; others change nothing. */
export interface KernelUses {
  readonly friction: boolean;
  readonly inverseMass: boolean;
  /** `trajectorySteps`. */
  readonly trajectory: boolean;
}

/**
 * One way to walk, as a value. `T` is the target it needs: `Target`, or `CountTarget` for walks on
 * counts. All that is known of a kernel stands here; lists of names, labels and controls follow.
 */
export interface Kernel<S extends State = State, T = Target> {
  /** What options and the command line know it by. */
  readonly name: string;
  /** What a reader knows it by. */
  readonly title: string;
  readonly uses: KernelUses;
  /** How it moves the mean on a Gaussian; only of kernels that are linear there. */
  readonly stability?: LinearStability;
  /** True if it walks counts: `T` is `CountTarget`. */
  readonly counts?: true;
  /** Score calls of one step: the price of the kernel. */
  readonly scoreCalls: number;
  /** True if the target must give `logDensity`. */
  readonly needsLogDensity: boolean;
  /** Allocates the work space of a walk; step noise comes from `noise` at counter `state.step`. */
  start(target: T, parameters: KernelParameters, noise: ChainNoise): Walk<S>;
}
