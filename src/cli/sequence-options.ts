/** What commands that sample take of sequences. */
import { z } from 'zod';
import { templateOption } from '../sampling/options.ts';
import { datasetOptions } from './dataset-options.ts';
import { defineOptions } from './options.ts';

export const sequenceOptions = defineOptions({
  template: templateOption,
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
