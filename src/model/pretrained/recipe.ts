/**
 * The shape that every recipe shares: a value that makes a model of published files. A recipe holds
 * what does not travel with weights: network, schedule, range of images, what is predicted, and the
 * licence. To add one is to add a file and a line in `index.ts`.
 */
import type { NoiseLevels } from '../../density/index.ts';
import type { Shape } from '../../graph/index.ts';
import type { UNetConfig } from '../../nn/index.ts';
import type { ConditionConfig } from '../condition.ts';
import type { ModelConfig } from '../config.ts';
import { type DiffusionConfig, viewOfTarget } from '../diffusion.ts';
import { noiseOfSteps } from '../schedule.ts';
import type { NamedWeights } from '../weights.ts';

/** A module of a network that was pickled as an object: its class, and settings of its own. */
export interface PublishedModule {
  readonly class: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What was published: weights, and files beside them. */
export interface Published {
  /** What it is called in errors: a path. */
  readonly source: string;
  readonly weights: NamedWeights;
  /** JSON files of a folder, by the end of their path, such as `config.json`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Of a pickled network: its modules by their paths, its own the empty one. */
  readonly modules?: Readonly<Record<string, PublishedModule>> | undefined;
  /** The licence that the files name; absent where they name none. */
  readonly licence?: string | undefined;
}

/** A model as its files describe it: all its levels, and its weights by our names. */
export interface ReadModel {
  readonly config: ModelConfig;
  readonly weights: NamedWeights;
}

/** A way to read published files. */
export interface Recipe {
  readonly name: string;
  /** In words, for a list. */
  readonly description: string;
  /** Of the weights that were published in this layout; absent where the files say it. */
  readonly licence?: string | undefined;
  /**
   * Reads the model.
   *
   * @throws UserError for what is not of this layout.
   */
  readonly read: (published: Published) => ReadModel;
}

/** Networks see images in this range, which are in [0, 1] here. */
export const SIGNED: DiffusionConfig['range'] = [-1, 1];

/** The level that is walked unless another is asked for: the class of paper A. */
const WALKED = 0.25;

/** Where images lie in [0, 1], and how far they spread: EDM's σ_d of 0.5 in [−1, 1]. */
const IMAGES = { mean: 0.5, deviation: 0.25 } as const;

/** What a recipe knows of its model. */
export interface Facts {
  readonly shape: Shape;
  readonly network: UNetConfig;
  readonly diffusion: DiffusionConfig;
  readonly condition?: ConditionConfig | undefined;
  /** σ that the network was trained at, in its own units, where no schedule says it. */
  readonly noise?: { readonly from: number; readonly to: number };
}

/** Makes the configuration of a family: every level that the network was trained at. */
export function familyConfig({ shape, network, diffusion, condition, noise }: Facts): ModelConfig {
  const [low, high] = diffusion.range;
  const own = noise ?? ends(diffusion);
  const levels = { from: own.from / (high - low), to: own.to / (high - low) };
  return {
    parametrization: 'gps',
    view: viewOfTarget(diffusion.target),
    noise: { type: 'gaussian', sigma: walkedLevel(levels), measurements: 1, levels },
    shape,
    dataScale: { mean: Array(shape[0]!).fill(IMAGES.mean), deviation: IMAGES.deviation },
    ...(condition && { condition }),
    diffusion,
    network,
  };
}

const walkedLevel = ({ from, to }: Extract<NoiseLevels, { from: number }>) =>
  Math.min(to, Math.max(from, WALKED));

function ends({ time }: DiffusionConfig) {
  const noise = 'schedule' in time ? noiseOfSteps(time.schedule) : [];
  return { from: noise[0]!, to: noise.at(-1)! };
}
