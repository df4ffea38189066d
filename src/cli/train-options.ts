import { z } from 'zod';
import { featureNames } from '../evaluate/model/features.ts';
import { devices } from '../graph/index.ts';
import { parametrizationNames, views } from '../model/index.ts';
import { trainingSchema } from '../train/index.ts';
import { datasetOptions } from './dataset-options.ts';
import { conditionOptions, levelOptions } from './level-options.ts';
import { noiseOptions } from './noise-options.ts';
import { defineOptions, type OptionValues } from './options.ts';
import { togetherOptions } from './together-options.ts';

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
  ...noiseOptions,
  ...levelOptions,
  ...conditionOptions,
  inputScale: {
    flags: '--input-scale <s>',
    description: 'divide what the network sees by s (default 1)',
    schema: z.number().positive().optional(),
  },
  view: {
    flags: '--view <view>',
    description:
      'what the network predicts: denoised, noise (gps, mdae) or preconditioned (gps; default with several levels)',
    schema: z.enum(views).optional(),
  },
  optimizer: {
    flags: '--optimizer <name>',
    description: 'adam, adamw, adagrad or muon (hidden matrices by Muon, the rest by AdamW)',
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
  decayFrom: {
    flags: '--decay-from <share>',
    description:
      'share of the steps after the warm-up at which it begins: 0.8 is constant, then decays',
    schema: training.decayFrom,
  },
  weightDecay: {
    flags: '--weight-decay <rate>',
    description: 'for adamw and muon',
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
  emaRamp: {
    flags: '--ema-ramp <kind>',
    description: 'how that decay rises: early, at most (1 + t)/(10 + t) at step t, or none',
    schema: training.emaRamp,
  },
  snapshotEvery: {
    flags: '--snapshot-every <steps>',
    description: 'steps between snapshots for mdensity average, 0 for none',
    schema: training.snapshotEvery,
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
  antithetic: {
    flags: '--antithetic',
    description: 'give every second example the noise of the one before it, turned around',
    schema: training.antithetic,
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
  ...togetherOptions,
  dryRun: {
    flags: '--dry-run',
    description: 'say what the training would take, in memory and time, and train nothing',
    schema: z.boolean().default(false),
  },
  resume: {
    flags: '--resume [auto]',
    description:
      'go on with the run in --out, changed in --steps, --learning-rate, --warmup or --decay where given; auto: or start it',
    schema: z.union([z.boolean(), z.literal('auto')]).default(false),
  },
});

export type TrainOptions = OptionValues<typeof trainOptions>;

/**
 * Counts the examples held out where `--validation` says nothing: small sets need all they have.
 */
export const defaultValidation = (count: number) =>
  count < 2000 ? 0 : Math.min(1000, Math.floor(count / 20));
