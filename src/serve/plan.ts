/** What a request comes to: the walk of its model, and what that takes. */
import { sizeOf } from '../data/shape.ts';
import { levelsOf, type ModelConfig } from '../model/index.ts';
import {
  blockSizes,
  furtherCalls,
  scoreCallsOf,
  sequentialMember,
  type WalkJumpOptions,
} from '../sample/index.ts';
import { walkOf } from '../sampling/walk.ts';
import type { SampleRequest } from './request.ts';

/** A request as it is walked: whoever prices, limits or walks it takes this. */
export interface Plan {
  /** The walk of all chains: nothing is left for who walks it to decide. */
  readonly walk: WalkJumpOptions;
  /** Jumps of each chain. */
  readonly draws: number;
  /** Steps of all chains that progress counts, burn-in included; of a sequential walk, of y_1. */
  readonly steps: number;
  /** Steps of all chains and of all factors, with what joins the factors. */
  readonly updates: number;
  /** Score calls of all chains: rows of the network. */
  readonly rows: number;
  /** Measurements, or blocks of them, whose state a chain holds. */
  readonly held: number;
  /** Bytes of the samples when all is done. */
  readonly bytes: number;
}

/**
 * Chooses the walk of a request, and says what it takes. A jump is one score call, and in
 * a sequential walk comes after the steps of each further factor and one call for it; see
 * `sequentialWalkJump`.
 *
 * @throws UserError for a class or a level that the model does not have.
 */
export function planOf(config: ModelConfig, request: SampleRequest): Plan {
  const walk = walkOf(request, { config });
  const { chains, steps, burnIn = 0, jumpEvery = 1, factorSteps } = walk;
  const calls = scoreCallsOf(request.kernel);
  const draws = Math.floor(steps / jumpEvery);
  const factors = factorsOf(config, walk);
  const each = burnIn + steps;
  const others = (perStep: number) => furtherCalls(factors, factorSteps, perStep);
  return {
    walk,
    draws,
    steps: chains * each,
    updates: chains * (each + draws * others(1)),
    rows: chains * (each * calls + draws * (others(calls) + 1)),
    held: walk.walk === 'mean' ? 1 : factors || (walk.measurements ?? 1),
    bytes: 4 * chains * draws * sizeOf(config.shape),
  };
}

/** Counts the factors of a sequential walk; 0 of any other. */
function factorsOf(config: ModelConfig, walk: WalkJumpOptions): number {
  const levels = levelsOf(config);
  // A model of one level refuses it, in its own words, when it is walked.
  if (walk.walk !== 'sequential' || !levels) return 0;
  const { measurements } = sequentialMember({ levels }, walk);
  return blockSizes(measurements, walk.blocks).length;
}
