import { z } from 'zod';
import { datasetOptions } from './dataset-options.ts';
import { metricNames } from './evaluation/evaluation.ts';
import { featureNames } from './evaluation/feature-networks.ts';
import { defineOptions, type OptionValues } from './options.ts';
import { sampleOptions } from './sample.ts';
import { sequenceOptions } from './sequences/options.ts';

const whole = (least: number) => z.int().min(least);
const trimmed = (text: string) => text.trim();
const { measurements, kernel, stepSize, friction, seed, device } = sampleOptions;

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
    description: 'steps between jumps',
    schema: whole(1).default(10),
  },
  burnIn: {
    flags: '--burn-in <n>',
    description: 'steps before the first',
    schema: whole(0).default(100),
  },
  ...{ stepSize, friction, seed },
  ...datasetOptions,
  valid: sequenceOptions.valid,
  device,
  out: {
    flags: '--out <dir>',
    description: 'where results go (default: <run>/evaluation, or evaluation/<name>)',
    schema: z.string().optional(),
  },
});

export type EvaluateOptions = OptionValues<typeof evaluateOptions>;
