import type { BayesEstimator, DenoiserFamily } from '../density/index.ts';
import { UserError } from '../errors.ts';
import {
  byChain,
  type State,
  scoreCallsOf,
  type WalkJumpOptions,
  walkJump,
} from '../sample/index.ts';
import type { ChainDraws } from './draws.ts';
import type { FeatureNetwork } from './feature-network.ts';

/** Jumps of chains, as their features. */
export interface SampledFeatures {
  /** `[chains, draws, D]`. */
  readonly features: ChainDraws;
  /** `[chains, draws, K]`, K = 0 for a network that does not classify. */
  readonly logits: ChainDraws;
  /** The last jump of every chain, `[chains, ...shape]`. */
  readonly last: Float32Array;
  /** Every jump of the first chains: one `[kept, ...shape]` for each draw. */
  readonly frames: readonly Float32Array[];
  /** Mean acceptance probability at the jumps, of kernels with an accept test. */
  readonly acceptance?: number;
  /** Denoiser calls of one chain: those of its steps and one for each jump. */
  readonly scoreCalls: number;
  /** Denoiser calls of one chain from a draw to the next. */
  readonly scoreCallsPerDraw: number;
  readonly seconds: { readonly walking: number; readonly features: number };
}

/** What is known after a jump: enough to go on from there. Numbers and typed arrays only. */
export interface SamplingProgress {
  readonly state: State;
  readonly draws: readonly Draw[];
  /** The last jump of every chain. */
  readonly last: Float32Array;
  readonly seconds: { readonly walking: number; readonly features: number };
}

interface Draw {
  readonly features: Float32Array;
  readonly logits: Float32Array;
  readonly frame: Float32Array;
  /** Denoiser calls since the draw before. */
  readonly scoreCalls: number;
  /** Mean acceptance probability of the chains at this jump. */
  readonly acceptance?: number;
}

export interface SamplingOptions {
  readonly denoiser: BayesEstimator | DenoiserFamily;
  readonly network: FeatureNetwork;
  /** How to walk; `steps` is `draws · jumpEvery`. */
  readonly walk: Omit<WalkJumpOptions, 'steps' | 'initial'>;
  /** Jumps of each chain. */
  readonly draws: number;
  /** Chains whose every jump is kept as a picture. Default 8. */
  readonly keep?: number;
  /** Where an earlier call with the same options stopped. */
  readonly from?: SamplingProgress | undefined;
  /** Called after each jump, with what `from` takes; await it to save. */
  readonly onDraw?: (progress: SamplingProgress) => Promise<void>;
}

/**
 * Walks, jumps, and keeps the features of every x̂ as a file of 8 bits would hold it. A call that
 * goes on `from` a saved progress gives the same bits as one that was never stopped.
 * @throws UserError for no draws, and as `walkJump` does: for options out of range, or a chain that
 * diverges.
 */
export async function sampleFeatures(options: SamplingOptions): Promise<SampledFeatures> {
  const { denoiser, network, walk, from, onDraw, keep = 8 } = options;
  const { chains, jumpEvery = 1 } = walk;
  if (!Number.isSafeInteger(options.draws) || options.draws < 1) {
    throw new UserError(
      `draws ${options.draws}: is out of range; give a whole number of at least 1`,
      { facts: { option: 'draws', value: options.draws, least: 1 } },
    );
  }
  const steps = options.draws * jumpEvery;
  const draws: Draw[] = [...(from?.draws ?? [])];
  const seconds = { walking: 0, features: 0, ...from?.seconds };
  let [last, at] = [from?.last ?? new Float32Array(0), performance.now()];
  const initial = from?.state;
  if (draws.length < options.draws) {
    for await (const jump of walkJump(denoiser, { ...walk, steps, ...(initial && { initial }) })) {
      const jumped = performance.now();
      last = asBytes(jump.xhat);
      const size = last.length / chains;
      const { features, logits } = await network.run(last);
      const frame = last.slice(0, Math.min(keep, chains) * size);
      const { acceptance } = jump;
      const { scoreCalls } = jump;
      const accepted = acceptance && { acceptance: mean(acceptance) };
      draws.push({ features, logits, frame, scoreCalls, ...accepted });
      const done = performance.now();
      seconds.walking += (jumped - at) / 1000;
      seconds.features += (done - jumped) / 1000;
      await onDraw?.({ state: jump.state, draws, last, seconds });
      at = performance.now();
    }
  }
  const calls = scoreCallsOf(walk.kernel);
  const sequential = walk.walk === 'sequential';
  const accepted = draws.flatMap(({ acceptance }) => acceptance ?? []);
  return {
    features: drawsOf(draws, ({ features }) => features, chains),
    logits: drawsOf(draws, ({ logits }) => logits, chains),
    last,
    frames: draws.map(({ frame }) => frame),
    ...(accepted.length > 0 && { acceptance: mean(accepted) }),
    scoreCalls: sequential
      ? draws.reduce((sum, draw) => sum + draw.scoreCalls, 0)
      : ((walk.burnIn ?? 0) + steps) * calls + options.draws,
    scoreCallsPerDraw: sequential ? draws.at(-1)!.scoreCalls : jumpEvery * calls + 1,
    seconds,
  };
}

const mean = (values: Iterable<number> & { readonly length: number }) => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
};

/** Rounds images as a file of 8 bits holds them: values of [0, 1] in steps of 1/255. */
export const asBytes = (images: Float32Array) =>
  images.map((value) => Math.round(255 * Math.min(1, Math.max(0, value))) / 255);

/** A value of every draw, `[chains, draws, width]`. */
function drawsOf(
  draws: readonly Draw[],
  rowsOf: (draw: Draw) => Float32Array,
  chains: number,
): ChainDraws {
  const data = byChain(draws.map(rowsOf), chains);
  return { data, shape: [chains, draws.length, data.length / (chains * draws.length)] };
}
