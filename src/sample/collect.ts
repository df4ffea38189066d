/** Jumps of a walk gathered once, in the order that diagnostics, files and pictures take. */
import { UserError } from '../errors.ts';
import type { Jump } from './jump.ts';
import type { State } from './kernel.ts';

/** What chains drew, by chain. */
export interface Draws {
  /** x̂, `shape`, row-major: all draws of chain 0 first. */
  readonly data: Float32Array;
  /** ȳ (of counts, their sum) that each x̂ came from, `shape`. */
  readonly ybar: Float32Array;
  readonly shape: readonly [chains: number, draws: number, ...example: number[]];
  /** Step of each draw, burn-in included. */
  readonly steps: readonly number[];
  /** Acceptance probabilities `[chains, draws]`, from kernels with an accept test. */
  readonly acceptance?: Float64Array;
  /** Denoiser calls of each chain, jumps included. */
  readonly scoreCalls: number;
  /** Where the walk stood at the last jump: `initial` of a walk that goes on. */
  readonly state: State;
}

/** Takes jumps one by one. */
export interface Collector {
  /** Jumps so far. */
  readonly count: number;
  add(jump: Jump): void;
  /**
   * All jumps so far.
   *
   * @throws UserError where there is none yet.
   */
  draws(): Draws;
}

/**
 * Makes an empty collector, for a loop that does more than collect, or may be stopped on the way.
 */
export function collector(): Collector {
  const jumps: Jump[] = [];
  return {
    get count() {
      return jumps.length;
    },
    add: (jump) => {
      jumps.push(jump);
    },
    draws: () => gather(jumps),
  };
}

/**
 * Walks to the end and gathers the jumps by chain:
 *
 *     const draws = await collect(walkJump(model, { chains: 16, steps: 600, jumpEvery: 100 }));
 *     draws.shape; // [16, 6, 1, 28, 28]
 *
 * @throws UserError for a walk without a jump; and what the walk throws.
 */
export async function collect(walk: AsyncIterable<Jump>): Promise<Draws> {
  const gathered = collector();
  for await (const jump of walk) gathered.add(jump);
  return gathered.draws();
}

function gather(jumps: readonly Jump[]): Draws {
  const last = jumps.at(-1);
  if (!last) {
    throw new UserError('steps: no jump falls within; give more steps, or jump more often', {
      facts: { option: 'steps' },
    });
  }
  const [chains, ...example] = last.shape;
  const all = <A extends Float32Array | Float64Array>(of: (jump: Jump) => A) =>
    byChain(jumps.map(of), chains);
  return {
    data: all(({ xhat }) => xhat),
    ybar: all(({ ybar }) => ybar),
    shape: [chains, jumps.length, ...example],
    steps: jumps.map(({ step }) => step),
    ...(last.acceptance && { acceptance: all(({ acceptance }) => acceptance!) }),
    scoreCalls: jumps.reduce((sum, { scoreCalls }) => sum + scoreCalls, 0),
    state: structuredClone(last.state),
  };
}

/**
 * Arranges frames in time order, `[draws]` of `[chains, width]`, as one array
 * `[chains, draws, width]`.
 *
 * @param frames at least one, all of one size.
 */
export function byChain<A extends Float32Array | Float64Array>(
  frames: readonly A[],
  chains: number,
): A {
  const first = frames[0]!;
  const width = first.length / chains;
  const data = new (first.constructor as new (length: number) => A)(frames.length * first.length);
  frames.forEach((frame, draw) => {
    for (let chain = 0; chain < chains; chain++) {
      const row = frame.subarray(chain * width, (chain + 1) * width);
      data.set(row, (chain * frames.length + draw) * width);
    }
  });
  return data;
}

/** Takes one draw of every chain, `[chains, width]`, out of an array `[chains, draws, width]`. */
export function drawOf(
  data: Float32Array,
  [chains, draws]: readonly [chains: number, draws: number, ...rest: number[]],
  draw: number,
): Float32Array {
  const width = data.length / (chains * draws);
  const frame = new Float32Array(chains * width);
  for (let chain = 0; chain < chains; chain++) {
    const from = (chain * draws + draw) * width;
    frame.set(data.subarray(from, from + width), chain * width);
  }
  return frame;
}

/** Takes `[chains, draws, width]` apart in time order: `[draws]` of `[chains, width]`. */
export function framesOf(data: Float32Array, shape: Draws['shape']): Float32Array[] {
  return Array.from({ length: shape[1] }, (_, draw) => drawOf(data, shape, draw));
}
