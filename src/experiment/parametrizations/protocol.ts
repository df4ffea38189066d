/** What a comparison does, in numbers: its protocol, and the cells that it consists of. */
import { z } from 'zod';
import {
  createModel,
  type ModelConfig,
  type NoiseConfig,
  parametrizationNames,
  parametrizations,
} from '../../model/index.ts';
import { networkSchema } from '../../nn/index.ts';
import {
  type CountKernelName,
  type KernelName,
  kernels,
  scoreCallsOf,
} from '../../sample/index.ts';
import { trainingSchema } from '../../train/index.ts';
import { checkSameProtocol } from '../same-protocol.ts';
import type { Entry } from './entries.ts';

const whole = (least: number) => z.int().min(least);
const positive = z.number().positive();

const entrySchema: z.ZodType<Entry> = z.strictObject({
  name: z.string(),
  parametrization: z.enum(parametrizationNames),
  network: networkSchema,
});

/**
 * Everything that decides a comparison's numbers but for times and memory; kept in
 * `experiment.json`.
 */
export const protocolSchema = z.strictObject({
  experiment: z.literal('parametrizations'),
  data: z.strictObject({ name: z.string(), count: whole(1), hash: z.string() }),
  /** Feature network and the hash of its weights. */
  features: z.strictObject({ name: z.string(), id: z.string() }),
  shape: z.array(whole(1)).min(1),
  entries: z.array(entrySchema).min(1),
  /** The M-density that all learn: noise σ of one measurement, and M. */
  sigma: positive,
  measurements: whole(2),
  seed: whole(0),
  training: trainingSchema
    .pick({
      optimizer: true,
      learningRate: true,
      warmup: true,
      decay: true,
      steps: true,
      batch: true,
      ema: true,
      clip: true,
    })
    .extend({ ema: z.number() }),
  /**
   * Examples that are never trained on, and orders of the measurements that scores are compared in.
   */
  heldOut: whole(1),
  permutations: whole(1),
  walk: z.strictObject({
    kernel: z.enum(Object.keys(kernels) as [KernelName]),
    /** δ in units of σ, and γδ. */
    stepSize: positive,
    friction: positive,
    chains: whole(2),
    draws: whole(1),
    jumpEvery: whole(1),
    burnIn: whole(0),
    /** δ/σ of MALA, which walks the same lengths where there is an energy. */
    malaStepSize: positive,
    /** Of counts: the time of a leap, in lifetimes of a count. */
    leap: positive,
  }),
  /**
   * Numbers of measurements that cost is measured at, and training steps that the shortest is taken
   * of.
   */
  cost: z.strictObject({ measurements: z.array(whole(1)).min(1), steps: whole(1) }),
});

export type ComparisonProtocol = z.output<typeof protocolSchema>;

/** What the size of the images decides, where the options say nothing. */
export type Scale = Pick<ComparisonProtocol, 'training' | 'walk' | 'cost' | 'permutations'>;

const learning = { optimizer: 'adam', decay: 'cosine', ema: 0.99, clip: 0 } as const;
const walking = {
  kernel: 'sachs',
  stepSize: 0.5,
  friction: 1 / 16,
  malaStepSize: 0.4,
  leap: 0.3,
} as const;

/**
 * By the side of the image. That 2,000 updates and these walks are enough to tell rows apart is our
 * reading.
 */
export const scales: Readonly<Record<number, Scale>> = {
  8: {
    training: { ...learning, learningRate: 1.5e-3, warmup: 50, steps: 500, batch: 32 },
    walk: { ...walking, chains: 40, draws: 50, jumpEvery: 5, burnIn: 50 },
    cost: { measurements: [1, 4, 16], steps: 9 },
    permutations: 4,
  },
  28: {
    training: { ...learning, learningRate: 1e-3, warmup: 100, steps: 2000, batch: 64 },
    walk: { ...walking, chains: 100, draws: 50, jumpEvery: 10, burnIn: 100 },
    cost: { measurements: [1, 4, 16, 64], steps: 9 },
    permutations: 4,
  },
};

/** One thing to do. */
export type ComparisonCell =
  | {
      readonly id: string;
      readonly stage: 'cost';
      readonly name: string;
      readonly measurements: number;
    }
  | { readonly id: string; readonly stage: 'train' | 'measure'; readonly name: string }
  | {
      readonly id: string;
      readonly stage: 'walk';
      readonly name: string;
      readonly kernel: WalkKernel;
    };

/** What a row is walked by: counts have a kernel of their own. */
export type WalkKernel = KernelName | CountKernelName;

/** Describes the model of a row, at this M or another. */
export function modelOf(
  { name: _, ...entry }: Entry,
  { sigma, shape, measurements }: Pick<ComparisonProtocol, 'sigma' | 'shape' | 'measurements'>,
): ModelConfig {
  const noise = noiseOfRow(entry, sigma, measurements);
  return { ...entry, view: 'denoised', noise, shape };
}

/** What counts are of beside x, so that their noise is no less where x is 0. */
const BACKGROUND = 0.5;

/**
 * Describes the noise of one measurement. Counts at the rate 1/σ² of x and a background of 1/2 have
 * the variance σ²(x + 1/2) in units of x: that of the Gaussian rows at mid-grey.
 */
function noiseOfRow(
  { parametrization }: Pick<Entry, 'parametrization'>,
  sigma: number,
  measurements: number,
): NoiseConfig {
  return parametrizations[parametrization].noise === 'poisson'
    ? { type: 'poisson', rate: 1 / sigma ** 2, background: BACKGROUND, measurements }
    : { type: 'gaussian', sigma, measurements };
}

/** Lists the cells that measure time and memory. */
export const costCells = ({ entries, cost }: ComparisonProtocol): ComparisonCell[] =>
  entries.flatMap(({ name }) =>
    cost.measurements.map((measurements) => ({
      id: `cost-${name}-M${measurements}`,
      stage: 'cost' as const,
      name,
      measurements,
    })),
  );

/**
 * Lists what one row takes in turn: training, then measures and walks; MALA where there is an
 * energy.
 */
export function rowCells(entry: Entry, protocol: ComparisonProtocol): ComparisonCell[] {
  const { name } = entry;
  const { energy, rate } = createModel(modelOf(entry, protocol));
  const names: WalkKernel[] = [rate === undefined ? protocol.walk.kernel : 'tau-leap'];
  if (energy) names.push('mala');
  return [
    { id: `train-${name}`, stage: 'train', name },
    { id: `measure-${name}`, stage: 'measure', name },
    ...names.map((kernel) => ({
      id: `walk-${name}-${kernel}`,
      stage: 'walk' as const,
      name,
      kernel,
    })),
  ];
}

/** Counts the denoiser calls of one chain of a walk. */
export function callsOf(kernel: WalkKernel, { walk }: ComparisonProtocol): number {
  const { draws, jumpEvery, burnIn } = walk;
  return (burnIn + draws * jumpEvery) * scoreCallsOf(kernel) + draws;
}

/**
 * Checks that a folder's protocol is the one that is wanted.
 * @throws UserError naming what differs first.
 */
export function checkSame(
  kept: ComparisonProtocol,
  wanted: ComparisonProtocol,
  folder: string,
): void {
  checkSameProtocol(byName(kept), byName(wanted), folder);
}

/** Rows that are left out or added are said by their names. */
function byName({ entries, ...rest }: ComparisonProtocol) {
  return {
    parametrizations: entries.map(({ name }) => name),
    ...rest,
    networks: Object.fromEntries(entries.map(({ name, network }) => [name, network])),
  };
}
