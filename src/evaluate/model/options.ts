import type { LoadOptions } from '../../data/node/index.ts';
import type { Device } from '../../graph/index.ts';
import type { ClassChoice } from '../../model/index.ts';
import type { Precision } from '../../run/model-file.ts';
import {
  type CountKernelName,
  type KernelName,
  numbersOf,
  type WalkKind,
  type WalkKindChoice,
  walkKindOf,
} from '../../sample/index.ts';
import type { MetricName } from '../measure.ts';
import type { FeatureName } from './features.ts';

/** How samples of a model are drawn, what they are compared with, and where results go. */
export interface ModelEvaluationOptions extends WalkKindChoice {
  /** What `locateModel` takes; either this or `samples`. */
  readonly model?: string | undefined;
  /** A file of samples in place of a model's: NPY of images, or FASTA. */
  readonly samples?: string | undefined;
  /** What to compare with; default: what the model learned from. */
  readonly data?: string | undefined;
  readonly dataOptions?: LoadOptions;
  /** What to measure; default: all that so many draws of a chain allow. */
  readonly metrics?: readonly MetricName[] | undefined;
  /** Default: the network of the data's own. */
  readonly features?: FeatureName | undefined;
  /** File of Inception's weights; default: the one that was fetched. */
  readonly inception?: string | undefined;
  /** Downloads those weights first, and measures with them. */
  readonly fetchInception?: boolean;
  /** σ, for a model that does not say its own. */
  readonly sigma?: number | undefined;
  /** Classes of a conditional model, which go to the chains in turn; null is no class. */
  readonly class?: readonly ClassChoice[] | undefined;
  /** M; default: as the model was trained, or 1. */
  readonly measurements?: number | undefined;
  readonly kernel?: KernelName | CountKernelName | undefined;
  readonly chains: number;
  /** Jumps of each chain. */
  readonly draws: number;
  /** Default 10, of a sequential walk 40. */
  readonly jumpEvery?: number | undefined;
  /** Default 100, of a sequential walk 0. */
  readonly burnIn?: number | undefined;
  /** δ/σ; default 1/2, of a sequential walk 0.7. */
  readonly stepSize?: number | undefined;
  /** γδ; default 1/2, of a sequential walk 1/4. */
  readonly friction?: number | undefined;
  readonly walk?: WalkKind | undefined;
  /** σ̃ of a model of many noise levels. */
  readonly effectiveSigma?: number | undefined;
  readonly seed: number;
  readonly device?: Device;
  /** `int8`: scores in 8 bits, jumps in single precision. Default `single`. */
  readonly precision?: Precision | undefined;
  /** Of sequences: a regular expression that a valid one matches as a whole. */
  readonly valid?: string | undefined;
  /** Folder; default: `evaluation` below the run, or `evaluation/<name>`. */
  readonly out?: string | undefined;
}

/** Numbers of a walk that is not sequential. */
const USUAL = { stepSize: 0.5, friction: 0.5, jumpEvery: 10, burnIn: 100 };

/** Gives the walk that an evaluation takes its samples from, at M measurements. */
export function evaluatedWalk(options: ModelEvaluationOptions, measurements: number) {
  const numbers = numbersOf(options.walk, USUAL);
  const { kernel, chains, seed, stepSize = numbers.stepSize } = options;
  const { friction = numbers.friction } = options;
  const { jumpEvery = numbers.jumpEvery, burnIn = numbers.burnIn } = options;
  const walk = { measurements, kernel, stepSize, friction, chains, jumpEvery, burnIn, seed };
  const { precision = 'single' } = options;
  return { ...walk, ...walkKindOf(options), ...(precision !== 'single' && { precision }) };
}
