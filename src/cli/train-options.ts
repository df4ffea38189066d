import { z } from 'zod';
import { devices } from '../graph/index.ts';
import { parametrizationNames } from '../model/index.ts';
import { trainingSchema } from '../train/index.ts';
import { datasetOptions } from './dataset-options.ts';
import { featureNames } from './evaluation/feature-networks.ts';
import { defineOptions, type OptionValues } from './options.ts';

const training = trainingSchema.shape;

export const trainOptions = defineOptions({
  out: { flags: '--out <run>', description: 'directory of the run', schema: z.string() },
  net: {
    flags: '--net <preset>',
    description: 'network; see mdensity info',
    schema: z.string().optional(),
  },
  parametrization: {
    flags: '--parametrization <name>',
    description: parametrizationNames.join(', '),
    schema: z.enum(parametrizationNames).default('gps'),
  },
  metaEncoder: {
    flags: '--meta-encoder <preset>',
    description:
      'mem-quadratic: an energy network of the measurements and their estimate, added to it',
    schema: z.string().optional(),
  },
  dropout: {
    flags: '--dropout <rate>',
    description: 'U-Nets: share of activations set to zero while training (default 0)',
    schema: z.number().min(0).lt(1).optional(),
  },
  init: {
    flags: '--init <run|name|file>',
    description: 'start from the weights of a run, a model or a safetensors file',
    schema: z.string().optional(),
  },
  data: {
    flags: '--data <set>',
    description: 'named set or path: IDX, NPY, NPZ, CIFAR-10, FASTA, CSV or a folder of images',
    schema: z.string().optional(),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement, in units of the data (images: 0..1; default 0.5)',
    schema: training.sigma,
  },
  rate: {
    flags: '--rate <λ>',
    description: 'poisson: counts of one measurement per unit of the data (default 4)',
    schema: training.rate,
  },
  background: {
    flags: '--background <b>',
    description: 'poisson: counts are of x + b, so that they come where x is 0 too (default 0)',
    schema: training.background,
  },
  measurements: {
    flags: '--measurements <M>',
    description:
      'measurements; what is learned is the class σ/√M (or Mλ), or these M alone where the network sees all',
    schema: training.measurements,
  },
  inputScale: {
    flags: '--input-scale <s>',
    description: 'divide what the network sees by s (default 1)',
    schema: z.number().positive().optional(),
  },
  view: {
    flags: '--view <view>',
    description: 'gps and mdae: what the network predicts, denoised or noise',
    schema: training.view,
  },
  optimizer: {
    flags: '--optimizer <name>',
    description: 'adam, adamw or adagrad',
    schema: training.optimizer,
  },
  learningRate: {
    flags: '--learning-rate <rate>',
    description: 'highest learning rate',
    schema: training.learningRate,
  },
  warmup: {
    flags: '--warmup <steps>',
    description: 'steps of linear warm-up',
    schema: training.warmup,
  },
  decay: {
    flags: '--decay <kind>',
    description: 'after the warm-up: none, linear or cosine',
    schema: training.decay,
  },
  weightDecay: {
    flags: '--weight-decay <rate>',
    description: 'for adamw',
    schema: training.weightDecay,
  },
  steps: { flags: '--steps <n>', description: 'updates', schema: training.steps },
  batch: { flags: '--batch <n>', description: 'examples per update', schema: training.batch },
  microBatches: {
    flags: '--micro-batches <n>',
    description: 'parts a batch is split into, to need less memory',
    schema: training.microBatches,
  },
  recompute: {
    flags: '--recompute',
    description: 'compute blocks again in the backward pass, to need less memory',
    schema: training.recompute,
  },
  ema: {
    flags: '--ema <decay>',
    description: 'moving average of parameters',
    schema: training.ema,
  },
  clip: {
    flags: '--clip <norm>',
    description: 'largest gradient norm, 0 for none',
    schema: training.clip,
  },
  flip: {
    flags: '--flip',
    description: 'mirror images left to right at random',
    schema: training.flip,
  },
  validation: {
    flags: '--validation <n>',
    description:
      'examples held out to measure the loss on, 0 for none (default: 5 % of 2,000 and more, at most 1,000)',
    schema: training.validation.unwrap().optional(),
  },
  seed: { flags: '--seed <n>', description: 'decides every random number', schema: training.seed },
  ...datasetOptions,
  threads: {
    flags: '--threads <n>',
    description: 'threads on the CPU; default: every core',
    schema: z.int().min(1).optional(),
  },
  device: {
    flags: '--device <device>',
    description: devices.join(', '),
    schema: z.enum(['auto', 'cpu', 'webgpu', 'cuda']).default('cpu'),
  },
  saveEvery: {
    flags: '--save-every <steps>',
    description: 'steps between checkpoints',
    schema: z.int().min(1).default(500),
  },
  logEvery: {
    flags: '--log-every <steps>',
    description: 'steps between lines of metrics.jsonl',
    schema: z.int().min(1).default(20),
  },
  validateEvery: {
    flags: '--validate-every <steps>',
    description: 'steps between losses on the held-out examples (default 200)',
    schema: z.int().min(1).optional(),
  },
  sampleEvery: {
    flags: '--sample-every <steps>',
    description: 'images: steps between grids of samples in <run>/samples, 0 for none',
    schema: z.int().min(0).default(0),
  },
  distanceEvery: {
    flags: '--distance-every <steps>',
    description: 'images: steps between Fréchet distances of samples to the data, 0 for none',
    schema: z.int().min(0).default(0),
  },
  distanceChains: {
    flags: '--distance-chains <n>',
    description: 'chains that those samples are drawn from (default 100)',
    schema: z.int().min(1).optional(),
  },
  distanceDraws: {
    flags: '--distance-draws <n>',
    description: 'samples of each chain (default 4)',
    schema: z.int().min(1).optional(),
  },
  features: {
    flags: '--features <name>',
    description: `what the distance is measured in: ${featureNames.join(', ')}; default: the data’s own`,
    schema: z.enum(featureNames).optional(),
  },
  stopMetric: {
    flags: '--stop-metric <name>',
    description:
      'keep the best model by it, such as validationLoss or fd-mnist, and stop when it improves no more',
    schema: z.string().optional(),
  },
  patience: {
    flags: '--patience <n>',
    description: 'evaluations without improvement before that (default 5)',
    schema: z.int().min(1).optional(),
  },
  resume: {
    flags: '--resume',
    description: 'go on with the run in --out',
    schema: z.boolean().default(false),
  },
});

export type TrainOptions = OptionValues<typeof trainOptions>;

/** Examples held out where `--validation` says nothing: small sets need all they have. */
export const defaultValidation = (count: number) =>
  count < 2000 ? 0 : Math.min(1000, Math.floor(count / 20));
