import { z } from 'zod';
import { metricNames } from '../evaluate/measure.ts';
import { featureNames } from '../evaluate/model/features.ts';
import { walkKindOptions } from '../sampling/walk-kind-options.ts';
import { datasetOptions } from './dataset-options.ts';
import { defineOptions, type OptionValues } from './options.ts';
import { queueOptions } from './queue-options.ts';
import { sampleOptions } from './sample.ts';
import { sequenceOptions } from './sequence-options.ts';

const whole = (least: number) => z.int().min(least);
const trimmed = (text: string) => text.trim();
const { measurements, kernel, stepSize, friction, seed, device, precision } = sampleOptions;

export const evaluateOptions = defineOptions({
  model: { ...sampleOptions.model, schema: z.string().optional() },
  samples: {
    flags: '--samples <file.npy|file.fasta>',
    description:
      'measure these images, [n, ...] or [chains, draws, ...], or sequences in place of a model’s',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <set>',
    description: 'what to compare with; default: what the model was trained on',
    schema: z.string().optional(),
  },
  metrics: {
    flags: '--metrics <names>',
    description: `of ${metricNames.join(', ')}, separated by commas`,
    schema: z
      .union([z.array(z.string()), z.string().transform((text) => text.split(',').map(trimmed))])
      .pipe(z.array(z.enum(metricNames)).min(1))
      .default([...metricNames]),
  },
  features: {
    flags: '--features <name>',
    description: `network whose features are compared: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  inception: {
    flags: '--inception <file.pth>',
    description: 'measure with the Inception network of this file, where it was not fetched',
    schema: z.string().optional(),
  },
  fetchInception: {
    flags: '--fetch-inception',
    description:
      'download those weights (96 MB) first, and measure with them; alone: only download',
    schema: z.boolean().default(false),
  },
  sigma: sampleOptions.sigma,
  class: sampleOptions.class,
  measurements,
  kernel,
  chains: {
    flags: '--chains <n>',
    description: 'chains, walked side by side',
    schema: whole(1).default(100),
  },
  draws: {
    flags: '--draws <n>',
    description: 'jumps of each chain: chains × draws samples',
    schema: whole(1).default(20),
  },
  jumpEvery: {
    flags: '--jump-every <n>',
    description: 'steps between jumps (default 10; sequential: steps of y_1 for each, 40)',
    schema: whole(1).optional(),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first (default 100; sequential 0)',
    schema: whole(0).optional(),
  },
  stepSize,
  friction,
  seed,
  ...walkKindOptions,
  ...datasetOptions,
  valid: sequenceOptions.valid,
  device,
  precision,
  ...queueOptions,
  out: {
    flags: '--out <dir>',
    description: 'where results go (default: <run>/evaluation, or evaluation/<name>)',
    schema: z.string().optional(),
  },
});

export type EvaluateOptions = OptionValues<typeof evaluateOptions>;
