import { baoab } from './baoab.ts';
import { baoabLimit } from './baoab-limit.ts';
import { birthDeath } from './birth-death.ts';
import { cheng } from './cheng.ts';
import { mala } from './mala.ts';
import { malt } from './malt.ts';
import { sachs } from './sachs.ts';
import { shenLee } from './shen-lee.ts';
import { tauLeap } from './tau-leap.ts';
import { ubu } from './ubu.ts';
import { ula } from './ula.ts';

/** Every kernel of continuous y, by the name that options and the command line know it by. */
export const kernels = {
  sachs,
  cheng,
  'shen-lee': shenLee,
  ula,
  baoab,
  ubu,
  'baoab-limit': baoabLimit,
  mala,
  malt,
} as const;

/** Name of a kernel of continuous y. */
export type KernelName = keyof typeof kernels;

/** Every walk on counts, by name; their target is a `CountTarget`. */
export const countKernels = { 'birth-death': birthDeath, 'tau-leap': tauLeap } as const;

/** Name of a walk on counts. */
export type CountKernelName = keyof typeof countKernels;

/**
 * Counts the score calls of one step by a kernel, the usual one if none is named; of `birth-death`,
 * the least.
 */
export function scoreCallsOf(
  kernel: KernelName | CountKernelName | { readonly scoreCalls: number } = 'sachs',
): number {
  if (typeof kernel !== 'string') return kernel.scoreCalls;
  return { ...kernels, ...countKernels }[kernel].scoreCalls;
}
