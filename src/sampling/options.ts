/** What may be asked of a walk of a model, by a command or by a request. */
import { z } from 'zod';
import type { ClassChoice } from '../model/index.ts';
import { defineOptions, type OptionValues } from '../option-table.ts';
import { type CountKernelName, countKernels, type KernelName, kernels } from '../sample/index.ts';

const kernelNames = Object.keys({ ...kernels, ...countKernels }) as [KernelName | CountKernelName];

/** The class to be under. */
export const classOption = {
  flags: '--class <name|n,…>',
  description:
    'of a conditional model: a class by name or number; several go to the chains in turn; none is no class',
  schema: z
    .union([z.array(z.union([z.string(), z.number()])), z.number(), z.string()])
    .transform((value): readonly ClassChoice[] => {
      const choices = Array.isArray(value) ? value : String(value).split(',');
      return choices.map((choice) => classChoice(String(choice).trim()));
    })
    .optional(),
} as const;

const classChoice = (text: string): ClassChoice => (text === 'none' ? null : text);

/** Which density is walked, how, and for how long. */
export const samplingOptions = defineOptions({
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, for a model that does not say its own or knows several',
    schema: z.number().positive().optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description:
      'walk the member (M, σ̃√M) of the model’s class, or (M, rate/M); default: as it was trained, or 1',
    schema: z.int().min(1).optional(),
  },
  class: classOption,
  kernel: {
    flags: '--kernel <name>',
    description: `${kernelNames.join(', ')} (default sachs; of counts: tau-leap)`,
    schema: z.enum(kernelNames).optional(),
  },
  chains: {
    flags: '--chains <n>',
    description: 'chains, walked side by side',
    schema: z.int().min(1).default(100),
  },
  steps: {
    flags: '--steps <n>',
    description:
      'steps of each chain after the burn-in (default 600; sequential: those of one jump)',
    schema: z.int().min(1).optional(),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first jump',
    schema: z.int().min(0).default(0),
  },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps (default 20; sequential: steps of y_1 for each, 40)',
    schema: z.int().min(1).optional(),
  },
  stepSize: {
    flags: '--step-size <δ>',
    description: 'in units of σ; of counts: in lifetimes of a count (default 0.5; sequential 0.7)',
    schema: z.number().positive().optional(),
  },
  friction: {
    flags: '--friction <γδ>',
    description: 'effective friction of one step; of counts: none (default 0.5; sequential 0.25)',
    schema: z.number().positive().optional(),
  },
  seed: {
    flags: '--seed <n>',
    description: 'decides every random number',
    schema: z.int().min(0).default(0),
  },
});

/** What is walked in place of the model's own density. */
export const steerOptions = defineOptions({
  beta: {
    flags: '--beta <β>',
    description: 'inverse temperature: walk the density to this power',
    schema: z.number().positive().optional(),
  },
  clip: {
    flags: '--clip <c>',
    description: 'longest score, in units of 1/x',
    schema: z.number().positive().optional(),
  },
});

/** The letters of a sequence that are known. */
export const templateOption = {
  flags: '--template <letters>',
  description: 'sequences: letters that stay, ? where a position is free, such as AC??K',
  schema: z.string().optional(),
} as const;

/** Options of a walk as they are read. */
export type SamplingOptions = OptionValues<typeof samplingOptions>;
