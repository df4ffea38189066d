/** What a model is, in words and numbers. */
import { z } from 'zod';
import { type Alphabet, alphabetSchema } from '../data/alphabet.ts';
import type { Shape } from '../graph/index.ts';
import { type NetworkConfig, networkSchema } from '../nn/index.ts';
import { type ConditionConfig, conditionSchema } from './condition.ts';
import { type DataScale, dataScaleSchema } from './data-scale.ts';
import { type DiffusionConfig, diffusionSchema } from './diffusion.ts';
import { type View, views } from './gps.ts';
import { type NoiseConfig, noiseSchema, withNoise } from './noise.ts';
import { type ParametrizationName, parametrizations } from './parametrizations/index.ts';

/** What a model is, in words and numbers; kept beside its weights. */
export interface ModelConfig {
  readonly parametrization: ParametrizationName;
  /** What the output of a network that keeps the shape means. */
  readonly view: View;
  readonly noise: NoiseConfig;
  /** Shape of one example. */
  readonly shape: Shape;
  /**
   * What the network sees is divided by this first; default 1. Paper B's models take
   * √(0.225² + σ²).
   */
  readonly inputScale?: number | undefined;
  /**
   * Where data lie and how far they spread: of the preconditioned view, and of noise that has
   * levels.
   */
  readonly dataScale?: DataScale | undefined;
  /** What x̂ may depend on beside the measurements. */
  readonly condition?: ConditionConfig | undefined;
  /** Of a network that was trained as a diffusion model: its conventions. */
  readonly diffusion?: DiffusionConfig | undefined;
  /** Of a model made of published weights: where they come from. */
  readonly source?: SourceConfig | undefined;
  readonly network: NetworkConfig;
  /** The meta-encoder of `mem-quadratic`. */
  readonly metaEncoder?: NetworkConfig | undefined;
  /** Of one-hot sequences: the letters of the first axis of `shape`. */
  readonly alphabet?: Alphabet | undefined;
}

/** Where published weights come from, and what may be done with them. */
export interface SourceConfig {
  /** How they were read. */
  readonly recipe: string;
  readonly licence: string;
  /** Of the file, in hex. */
  readonly sha256?: string | undefined;
  readonly address?: string | undefined;
}

const sourceSchema: z.ZodType<SourceConfig> = z.strictObject({
  recipe: z.string(),
  licence: z.string(),
  sha256: z.string().optional(),
  address: z.string().optional(),
});

/** Names of parametrizations, in the order in which they are listed. */
export const parametrizationNames = Object.keys(parametrizations) as [ParametrizationName];

const configSchema = z
  .object({
    parametrization: z.enum(parametrizationNames),
    view: z.enum(views),
    noise: noiseSchema,
    shape: z.array(z.int().min(1)).min(1),
    inputScale: z.number().positive().optional(),
    dataScale: dataScaleSchema.optional(),
    condition: conditionSchema.optional(),
    diffusion: diffusionSchema.optional(),
    source: sourceSchema.optional(),
    network: networkSchema,
    metaEncoder: networkSchema.optional(),
    alphabet: alphabetSchema.optional(),
  })
  .refine(({ dataScale, shape }) => !dataScale || dataScale.mean.length === shape[0], {
    path: ['dataScale', 'mean'],
    message: 'has another length than the first axis of the shape',
  })
  .refine(({ alphabet, shape }) => fitsAlphabet(alphabet, shape), {
    path: ['alphabet'],
    message: 'has another number of letters than the shape',
  });

/** Reads a `ModelConfig` from a file, of version 0.1 too. */
export const modelConfigSchema: z.ZodType<ModelConfig> = z.preprocess(withNoise, configSchema);

const fitsAlphabet = (alphabet: Alphabet | undefined, [letters, ...rest]: Shape): boolean =>
  alphabet === undefined || (alphabet.letters.length === letters && rest.length === 1);
