import type { BayesEstimator } from '../density/denoiser.ts';
import { UserError } from '../errors.ts';
import type { Work } from '../progress.ts';
import { collector, type Draws } from './collect.ts';
import type { Jump } from './jump.ts';
import type { WalkJumpOptions } from './options.ts';
import { walkJump } from './walk-jump.ts';

/** What a walk is told of, and tells. */
export interface DrawWork extends Work {
  /** Told of each jump as it is made. */
  readonly onJump?: ((jump: Jump) => void) | undefined;
}

/** Draws of a walk that may have been stopped. */
export interface DrawnJumps {
  readonly draws: Draws;
  /** True where the signal ended the walk before its last jump. */
  readonly stopped: boolean;
}

/**
 * Walks and gathers the jumps as `collect`; a signal ends the walk, and what was drawn is kept.
 *
 * @throws UserError as `walkJump`, and for a walk in which no jump falls; the signal's reason where
 *   it ends the walk before the first jump.
 */
export async function drawJumps(
  model: BayesEstimator,
  options: Omit<WalkJumpOptions, 'signal' | 'onProgress'>,
  { signal, onProgress, onJump }: DrawWork = {},
): Promise<DrawnJumps> {
  const { steps, chains, jumpEvery = 1 } = options;
  if (jumpEvery > steps) {
    throw new UserError(
      `steps ${steps}: no jump falls within; walk at least ${jumpEvery}, or jump more often`,
      { facts: { option: 'steps', value: steps, least: jumpEvery } },
    );
  }
  const show = (progress: { readonly step: number; readonly steps: number }) => {
    const [done, of] = [chains * progress.step, chains * progress.steps];
    onProgress?.({ label: 'walking', done, of, unit: 'updates' });
  };
  const gathered = collector();
  const walk = { ...options, ...(signal && { signal }), onProgress: show };
  try {
    for await (const jump of walkJump(model, walk)) {
      gathered.add(jump);
      onJump?.(jump);
    }
  } catch (error) {
    if (!signal?.aborted || gathered.count === 0) throw error;
  }
  return {
    draws: gathered.draws(),
    stopped: gathered.count < Math.floor(steps / jumpEvery),
  };
}
