import { z } from 'zod';
import { defineOptions } from '../option-table.ts';

/**
 * What walks, and how the factors of a sequential walk are walked; the same for all commands that
 * walk.
 */
export const walkKindOptions = defineOptions({
  walk: {
    flags: '--walk <kind>',
    description:
      'joint: all M measurements; mean: ȳ alone; sequential: one block of measurements after another, by a model of many noise levels (default of sample for such a model; else joint)',
    schema: z.enum(['joint', 'mean', 'sequential']).optional(),
  },
  effectiveSigma: {
    flags: '--effective-sigma <σ̃>',
    description: 'class to sample, for a model of many noise levels; σ and M are then chosen',
    schema: z.number().positive().optional(),
  },
  factorSteps: {
    flags: '--factor-steps <n>',
    description: 'sequential: steps of each block after the first (default 4)',
    schema: z.int().min(0).optional(),
  },
  blocks: {
    flags: '--blocks <kind>',
    description:
      'sequential: one (a measurement at a time) or doubling (each block as large as all before; the default)',
    schema: z.enum(['one', 'doubling']).optional(),
  },
  runningStart: {
    flags: '--running-start',
    description: 'sequential: the walk of y_1 runs on from draw to draw, in place of fresh starts',
    schema: z.boolean().default(false),
  },
});
