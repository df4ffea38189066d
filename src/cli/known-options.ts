import { z } from 'zod';
import { readNpy } from '../data/node/index.ts';
import type { BayesEstimator } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { mapInto } from '../map-into.ts';
import type { Condition, DenoiserFile } from '../model/index.ts';
import { type FixedCoordinates, steeredAt } from '../sample/index.ts';
import { gaussianOnly } from '../sampling/walk.ts';
import { defineOptions, type OptionValues } from './options.ts';

/** What is known of x, and how much a class counts. */
export const knownOptions = defineOptions({
  known: {
    flags: '--known <file.npy>',
    description: 'one example, NaN where it is open: the walk fills that in; joint and mean walks',
    schema: z.string().optional(),
  },
  knownNoise: {
    flags: '--known-noise <s>',
    description: 'hold jumps to what is known within s, in place of measuring it once; any walk',
    schema: z.number().positive().optional(),
  },
  guidance: {
    flags: '--guidance <w>',
    description:
      'of a model trained with and without a class: 1 is the class itself, more goes beyond it',
    schema: z.number().optional(),
  },
});

type KnownOptions = Partial<OptionValues<typeof knownOptions>>;

/**
 * Reads the option `known`: one example, NaN where it is open.
 *
 * @throws UserError for an example of another size, a file that is open or known everywhere, and a
 *   noise without a file.
 */
export async function readKnown(
  { shape }: Pick<BayesEstimator, 'shape'>,
  { known, knownNoise }: KnownOptions,
): Promise<FixedCoordinates | undefined> {
  if (known === undefined) {
    if (knownNoise === undefined) return undefined;
    throw new UserError('knownNoise: is of what is known, and nothing is; give known with it', {
      facts: { option: 'knownNoise', value: knownNoise },
    });
  }
  const { data } = await readNpy(known);
  const values = mapInto(new Float32Array(data.length), data as ArrayLike<number | bigint>, Number);
  const size = shape.reduce((product, length) => product * length, 1);
  const fail = (problem: string) =>
    new UserError(`${known}: ${problem}`, { facts: { path: known } });
  if (values.length !== size) {
    throw fail(`has ${values.length} values, an example of this model has ${size}; give one`);
  }
  const mask = Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1));
  const count = mask.reduce((sum, one) => sum + one, 0);
  if (count === 0) throw fail('is NaN everywhere, so that nothing is known; leave it out');
  if (count === size) throw fail('is known everywhere; write NaN where the walk shall fill in');
  return { mask, values };
}

/**
 * Guides a model to its class, and to what is known where that is held within noise; leaves it as
 * it is where neither is asked for.
 *
 * @throws UserError (`unsupported`) for a model of counts.
 */
export function guidedBy(
  model: DenoiserFile,
  { guidance, knownNoise }: KnownOptions,
  {
    condition,
    known,
  }: { readonly condition: Condition; readonly known?: FixedCoordinates | undefined },
): BayesEstimator {
  const held = known && knownNoise !== undefined && { fixed: known, noise: knownNoise };
  if (guidance === undefined && !held) return model;
  if (model.rate !== undefined) return gaussianOnly(model, held ? 'knownNoise' : 'guidance');
  const { sigma, levels } = model;
  const at = steeredAt((level, own) => model.at(level, own), {
    condition,
    guidance,
    ...(held && { held }),
  });
  // With its levels it can still be walked one measurement after another.
  const family = { levels, at };
  return { ...at(sigma), ...family };
}

/** Gives what a walk is told of what is known, where it is measured once. */
export const fixedOf = (
  known: FixedCoordinates | undefined,
  { knownNoise }: KnownOptions,
): { readonly fixed?: FixedCoordinates } =>
  known && knownNoise === undefined ? { fixed: known } : {};
