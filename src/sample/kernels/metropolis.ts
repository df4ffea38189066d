/** The accept test that Metropolis kernels share (Metropolis et al. 1953; Hastings 1970). */
import { UserError } from '../../errors.ts';
import type { State, Target } from '../kernel.ts';
import { type ChainNoise, stream } from '../noise.ts';

/** Writes log p(y) of every chain. */
export type LogDensity = NonNullable<Target['logDensity']>;

/**
 * Gives the log-density of a target.
 *
 * @throws UserError when it has none.
 */
export function logDensityOf(target: Target, kernel: string): LogDensity {
  if (target.logDensity !== undefined) return target.logDensity.bind(target);
  throw new UserError(
    `kernel: ${kernel} needs the log-density for its accept test, and this target has only a score; take a kernel without that test, such as sachs, or a model with an energy`,
  );
}

/**
 * Computes log p at the start of every chain.
 *
 * @throws UserError where it is NaN or +∞: such a chain would never move again.
 */
export async function startingLogDensity(
  logDensity: LogDensity,
  position: Float32Array,
  chains: number,
): Promise<Float64Array> {
  const out = new Float64Array(chains);
  await logDensity(position, out);
  const bad = out.findIndex((value) => !(value < Number.POSITIVE_INFINITY));
  if (bad < 0) return out;
  throw new UserError(
    `initial: the log-density is ${out[bad]} where chain ${bad} of this batch starts; start elsewhere, or check the energy of the model`,
  );
}

/** A Metropolis test of a batch; the buffers are filled by each call. */
export interface AcceptTest {
  /** log of p(y') q(y' → y) / (p(y) q(y → y')) of each chain, for the kernel to fill. */
  readonly logRatio: Float64Array;
  /** min(1, e^logRatio); 0 where it is NaN. */
  readonly acceptance: Float64Array;
  /** Draws one uniform number a chain and copies rows of `from` over `to` where it accepts. */
  decide(step: number, to: readonly Rows[], from: readonly Rows[]): void;
}

type Rows = Float32Array | Float64Array;

/** Allocates an accept test whose uniform numbers come from `stream.step`. */
export function acceptTest(noise: ChainNoise): AcceptTest {
  const { chains } = noise;
  const logRatio = new Float64Array(chains);
  const acceptance = new Float64Array(chains);
  const uniform = new Float64Array(chains);
  return {
    logRatio,
    acceptance,
    decide(step, to, from) {
      noise.uniform(stream.step, step, uniform);
      for (let chain = 0; chain < chains; chain++) {
        const probability = Math.min(1, Math.exp(logRatio[chain]!));
        acceptance[chain] = Number.isNaN(probability) ? 0 : probability;
        if (uniform[chain]! < acceptance[chain]!) copyRow(chain, chains, to, from);
      }
    },
  };
}

function copyRow(chain: number, chains: number, to: readonly Rows[], from: readonly Rows[]): void {
  for (let k = 0; k < to.length; k++) {
    const source = from[k]!;
    const target = to[k]!;
    const width = source.length / chains;
    for (let i = chain * width; i < (chain + 1) * width; i++) target[i] = source[i]!;
  }
}

/** State of a kernel that remembers log p(y), `[chains]`. */
export interface MetropolisState extends State {
  readonly logDensity: Float64Array;
}
