import { z } from 'zod';
import { settingsSchema } from '../diloco/index.ts';
import { defineOptions } from './options.ts';
import { queueOptions } from './queue-options.ts';

const { innerSteps, outerRate, outerMomentum, deadline } = settingsSchema.shape;

/** Options of a training that is spread over workers. */
export const togetherOptions = defineOptions({
  workers: {
    flags: '--workers <k>',
    description:
      'train on k shares of the data, each by a worker with one core: of this machine or at --queue',
    schema: z.int().min(1).optional(),
  },
  innerSteps: {
    flags: '--inner-steps <n>',
    description: '--workers: steps that each makes before they meet (default 500)',
    schema: innerSteps.unwrap().optional(),
  },
  outerRate: {
    flags: '--outer-rate <rate>',
    description: '--workers: of the step that they make together (default 0.7)',
    schema: outerRate.unwrap().optional(),
  },
  outerMomentum: {
    flags: '--outer-momentum <m>',
    description: '--workers: Nesterov momentum of that step (default 0.9)',
    schema: outerMomentum.unwrap().optional(),
  },
  deadline: {
    flags: '--deadline <seconds>',
    description: '--workers: when those that came are enough (default: all are waited for)',
    schema: deadline.unwrap().optional(),
  },
  ...queueOptions,
});
