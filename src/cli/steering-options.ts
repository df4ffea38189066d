import { z } from 'zod';
import { readNpy } from '../data/node/index.ts';
import type { BayesEstimator } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { tuneWalk } from '../evaluate/index.ts';
import { mapInto } from '../map-into.ts';
import type { Work } from '../progress.ts';
import { positionsFrom, type WalkJumpOptions } from '../sample/index.ts';
import { steerOptions } from '../sampling/options.ts';
import { gaussianOnly } from '../sampling/walk.ts';
import { defineOptions } from './options.ts';

/**
 * Where a walk begins, what it walks in place of the model's own density, and whether it is tuned.
 */
export const steeringOptions = defineOptions({
  initial: {
    flags: '--initial <file.npy>',
    description: 'begin at these examples with noise: one, or one for each chain',
    schema: z.string().optional(),
  },
  ...steerOptions,
  tune: {
    flags: '--tune',
    description: 'find the step size and the friction from short walks first; at least 8 chains',
    schema: z.boolean().default(false),
  },
});

interface Start {
  readonly initial?: string | undefined;
}

interface Tuning {
  readonly tune?: boolean;
}

/** Reads the option `initial` of a walk, from the examples of a file. */
export async function startOf(
  model: BayesEstimator,
  { initial }: Start,
  { chains, walk = 'joint', measurements = 1, seed = 0 }: WalkJumpOptions,
): Promise<{ readonly initial?: Float32Array }> {
  if (initial === undefined) return {};
  const { sigma, shape } = gaussianOnly(model, 'initial');
  const { data } = await readNpy(initial);
  const mean = walk === 'mean';
  const start = {
    examples: mapInto(new Float32Array(data.length), data as ArrayLike<number | bigint>, Number),
    chains,
    seed,
    measurements: walk === 'joint' ? measurements : 1,
    sigma: mean || model.stacked ? sigma : sigma * Math.sqrt(measurements),
  };
  const d = shape.reduce((product, size) => product * size, 1);
  return { initial: positionsFrom(start, d) };
}

/**
 * Finds the step size and the friction of a walk from short walks; nothing where it is not asked
 * for.
 */
export async function tuned(
  model: BayesEstimator,
  { tune }: Tuning,
  walk: WalkJumpOptions,
  { signal, onProgress }: Work,
): Promise<{ readonly stepSize: number; readonly friction: number } | undefined> {
  if (!tune) return undefined;
  const denoiser = gaussianOnly(model, 'tune');
  if (walk.walk === 'sequential') {
    throw new UserError('tune: is for joint and mean walks; leave it out', {
      code: 'unsupported',
      facts: { option: 'tune' },
    });
  }
  const { chains, kernel, measurements, seed } = walk;
  const { stepSize, friction } = await tuneWalk(denoiser, {
    chains,
    ...(walk.walk && { walk: walk.walk }),
    ...(kernel !== undefined && { kernel }),
    ...(measurements !== undefined && { measurements }),
    ...(seed !== undefined && { seed }),
    ...(signal && { signal }),
    onProgress: ({ done, of }) => onProgress?.({ label: 'tuning', done, of, unit: 'trials' }),
  });
  return { stepSize, friction };
}
