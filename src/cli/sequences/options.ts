/** What commands that sample take of sequences. */
import { z } from 'zod';
import { datasetOptions } from '../dataset-options.ts';
import { defineOptions, type OptionValues } from '../options.ts';

export const sequenceOptions = defineOptions({
  template: {
    flags: '--template <letters>',
    description: 'sequences: letters that stay, ? where a position is free, such as AC??K',
    schema: z.string().optional(),
  },
  valid: {
    flags: '--valid <pattern>',
    description: 'sequences: a regular expression that a valid one matches as a whole',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <file>',
    description: 'sequences: what samples are compared with; default: what the model learned from',
    schema: z.string().optional(),
  },
  column: datasetOptions.column,
});

export type SequenceOptions = OptionValues<typeof sequenceOptions> & {
  readonly model: string;
  readonly out: string;
};
