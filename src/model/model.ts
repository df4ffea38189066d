import { z } from 'zod';
import { effectiveNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { Shape } from '../graph/index.ts';
import {
  createAutoencoder,
  createNetwork,
  listParameters,
  type Network,
  type NetworkConfig,
  networkKind,
  networkSchema,
  type ParameterSpec,
} from '../nn/index.ts';
import { type Alphabet, alphabetSchema } from './alphabet.ts';
import type { View } from './gps.ts';
import {
  type NetworkKind,
  type Parametrization,
  type ParametrizationName,
  parametrizations,
} from './parametrizations/index.ts';

/** What a model is, in words and numbers; kept beside its weights. */
export interface ModelConfig {
  readonly parametrization: ParametrizationName;
  /** What the output of a network that keeps the shape means. */
  readonly view: View;
  /**
   * Noise σ of one measurement and their number M: what is learned is the class σ̃ = σ/√M or, where the
   * network sees all measurements, the density of these M.
   */
  readonly sigma: number;
  readonly measurements: number;
  /** Shape of one example. */
  readonly shape: Shape;
  readonly network: NetworkConfig;
  /** The meta-encoder of `mem-quadratic`. */
  readonly metaEncoder?: NetworkConfig | undefined;
  /** Of one-hot sequences: the letters of the first axis of `shape`. */
  readonly alphabet?: Alphabet | undefined;
}

/** Names of parametrizations, in the order in which they are listed. */
export const parametrizationNames = Object.keys(parametrizations) as [ParametrizationName];

/** Reads a `ModelConfig` from a file. */
export const modelConfigSchema: z.ZodType<ModelConfig> = z
  .object({
    parametrization: z.enum(parametrizationNames),
    view: z.enum(['noise', 'denoised']),
    sigma: z.number().positive(),
    measurements: z.int().min(1),
    shape: z.array(z.int().min(1)).min(1),
    network: networkSchema,
    metaEncoder: networkSchema.optional(),
    alphabet: alphabetSchema.optional(),
  })
  .refine(({ alphabet, shape }) => fitsAlphabet(alphabet, shape), {
    path: ['alphabet'],
    message: 'has another number of letters than the shape',
  });

function fitsAlphabet(alphabet: Alphabet | undefined, [letters, ...rest]: Shape): boolean {
  return alphabet === undefined || (alphabet.letters.length === letters && rest.length === 1);
}

/** A denoiser ready to build into a graph. */
export interface DenoiserModel {
  /** x̂ of the network's input: [batch, ...inputShape] → the same. */
  readonly denoiser: Network;
  /** −log p of the input, up to a constant, [batch, ...inputShape] → [batch]; where there is one. */
  readonly energy?: Network | undefined;
  readonly specs: readonly ParameterSpec[];
  /** Shape of one example. */
  readonly shape: Shape;
  /** Measurements that the network sees: 1 where it sees their mean. */
  readonly stacked: number;
  /** Shape of what it sees of one example: `shape`, its first axis `stacked` times as long. */
  readonly inputShape: Shape;
  /** Deviation of the noise in it: σ̃, or σ where it sees all measurements. */
  readonly inputSigma: number;
}

/** @throws UserError for a network of another kind than the parametrization takes. */
export function createModel(config: ModelConfig): DenoiserModel {
  const { shape, view, metaEncoder } = config;
  const parametrization: Parametrization = parametrizations[config.parametrization];
  const kind = networkKind(config.network);
  if (!parametrization.takes.includes(kind)) {
    const wanted = parametrization.takes.map((taken) => kindNames[taken]).join(' or ');
    throw new UserError(
      `parametrization ${config.parametrization}: takes ${wanted}, ${config.network.type} is ${kindNames[kind]}; choose another network`,
    );
  }
  const { stacked, inputShape, inputSigma } = inputOf(config);
  const { denoiser, energy } = parametrization.build({
    ...{ kind, inputSigma, view, shape, stacked, network: createNetwork(config.network) },
    autoencoder: createAutoencoder(config.network),
    metaEncoder: metaEncoder && createNetwork(metaEncoder),
  });
  if (energy && view === 'noise') {
    throw new UserError(
      `view noise: parametrization ${config.parametrization} learns an energy, which has no other view; leave it out`,
    );
  }
  const specs = listParameters(energy ?? denoiser, inputShape);
  return { denoiser, energy, specs, shape, stacked, inputShape, inputSigma };
}

const kindNames: Readonly<Record<NetworkKind, string>> = {
  estimator: 'a network that keeps the shape',
  energy: 'an energy network',
  autoencoder: 'an autoencoder',
};

/** What the network of a model sees of one example. */
export function inputOf({ parametrization, sigma, measurements, shape }: ModelConfig) {
  const stacked = parametrizations[parametrization].stacked ? measurements : 1;
  return {
    stacked,
    inputShape: [stacked * shape[0]!, ...shape.slice(1)],
    inputSigma: stacked === 1 ? effectiveNoise(sigma, measurements) : sigma,
  };
}
