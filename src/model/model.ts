import { z } from 'zod';
import { effectiveNoise, poissonNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import type { Shape } from '../graph/index.ts';
import {
  type Autoencoder,
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
import { scaleInput } from './parametrizations/parametrization.ts';

/** What a model is, in words and numbers; kept beside its weights. */
export interface ModelConfig {
  readonly parametrization: ParametrizationName;
  /** What the output of a network that keeps the shape means. */
  readonly view: View;
  /**
   * Noise σ of one measurement and their number M: what is learned is the class σ̃ = σ/√M or, where the
   * network sees all measurements, the density of these M. Absent where measurements are Poisson.
   */
  readonly sigma?: number | undefined;
  /** λ of y_m ~ Poisson(λx), counts per unit of x: what is learned is the class Mλ. Else absent. */
  readonly rate?: number | undefined;
  /** b of y_m ~ Poisson(λ(x + b)), in units of x; default 0. */
  readonly background?: number | undefined;
  readonly measurements: number;
  /** Shape of one example. */
  readonly shape: Shape;
  /** What the network sees is divided by this first; default 1. Paper B's models take √(0.225² + σ²). */
  readonly inputScale?: number | undefined;
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
    sigma: z.number().positive().optional(),
    rate: z.number().positive().optional(),
    background: z.number().min(0).optional(),
    measurements: z.int().min(1),
    shape: z.array(z.int().min(1)).min(1),
    inputScale: z.number().positive().optional(),
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
  /** Deviation of the noise in it: σ̃, or σ where it sees all measurements; 0 where it sees counts. */
  readonly inputSigma: number;
  /** Where it sees counts: their expected number in a unit of x, Mλ. */
  readonly rate?: number | undefined;
  /** What is added to x before it is counted. */
  readonly background: number;
}

/** @throws UserError for a network of another kind, or other noise, than the parametrization takes. */
export function createModel(config: ModelConfig): DenoiserModel {
  const { shape, view, metaEncoder, inputScale = 1, background = 0 } = config;
  const parametrization: Parametrization = parametrizations[config.parametrization];
  const kind = networkKind(config.network);
  if (!parametrization.takes.includes(kind)) {
    const wanted = parametrization.takes.map((taken) => kindNames[taken]).join(' or ');
    throw new UserError(
      `parametrization ${config.parametrization}: takes ${wanted}, ${config.network.type} is ${kindNames[kind]}; choose another network`,
    );
  }
  checkView(config, parametrization);
  const { stacked, inputShape, inputSigma, rate } = inputOf(config);
  const { denoiser, energy } = parametrization.build({
    ...{ kind, inputSigma, rate: rate ?? 0, background, view, shape, stacked },
    network: scaled(createNetwork(config.network), inputScale),
    autoencoder: scaledAutoencoder(createAutoencoder(config.network), inputScale),
    inputScale,
    metaEncoder: metaEncoder && createNetwork(metaEncoder),
  });
  const specs = listParameters(energy ?? denoiser, inputShape);
  const sees = { shape, stacked, inputShape, inputSigma, rate, background };
  return { denoiser, energy, specs, ...sees };
}

const scaled =
  (network: Network, scale: number): Network =>
  (scope, x) =>
    network(scope, scaleInput(x, scale));

function scaledAutoencoder(autoencoder: Autoencoder | undefined, scale: number) {
  if (autoencoder === undefined) return undefined;
  const { encode } = autoencoder;
  const scaledEncode: typeof encode = (scope, x) => encode(scope, scaleInput(x, scale));
  return { ...autoencoder, encode: scaledEncode };
}

/** Only a network that keeps the shape, and sees Gaussian noise, can predict the noise instead. */
function checkView({ view }: ModelConfig, { name }: Parametrization): void {
  if (view === 'denoised' || name === 'gps' || name === 'mdae') return;
  throw new UserError(
    `view noise: parametrization ${name} has no other view than denoised; leave it out`,
  );
}

const kindNames: Readonly<Record<NetworkKind, string>> = {
  estimator: 'a network that keeps the shape',
  energy: 'an energy network',
  autoencoder: 'an autoencoder',
};

/** What the network of a model sees of one example. @throws UserError for a noise that is not the parametrization's. */
export function inputOf(config: ModelConfig): InputOfModel {
  const { parametrization, measurements, shape } = config;
  const { stacked: all, noise } = parametrizations[parametrization];
  const stacked = all ? measurements : 1;
  const inputShape = [stacked * shape[0]!, ...shape.slice(1)];
  if (noise === 'poisson') {
    const rate = given(config, 'rate', 'sigma');
    const { effectiveRate } = poissonNoise(rate, measurements);
    return { stacked, inputShape, inputSigma: 0, rate: effectiveRate };
  }
  const sigma = given(config, 'sigma', 'rate');
  const inputSigma = stacked === 1 ? effectiveNoise(sigma, measurements) : sigma;
  return { stacked, inputShape, inputSigma, rate: undefined };
}

type InputOfModel = Pick<DenoiserModel, 'stacked' | 'inputShape' | 'inputSigma' | 'rate'>;

function given(config: ModelConfig, wanted: 'sigma' | 'rate', other: 'sigma' | 'rate'): number {
  const value = config[wanted];
  if (value !== undefined && config[other] === undefined) return value;
  const kind = wanted === 'rate' ? 'counts, of a rate' : 'Gaussian noise, of a deviation sigma';
  throw new UserError(
    `parametrization ${config.parametrization}: takes ${kind}; give ${wanted}, and no ${other}`,
  );
}

/** What the class of a model is called, or the one density that it is of. */
export function describeNoise(config: ModelConfig): string {
  const { stacked, inputSigma, rate } = inputOf(config);
  const short = (value: number) => Number(value.toPrecision(4));
  if (rate !== undefined) {
    const { background = 0 } = config;
    return `Mλ = ${short(rate)}${background > 0 ? `, background ${background}` : ''}`;
  }
  const sigma = short(inputSigma);
  return stacked === 1 ? `σ̃ = ${sigma}` : `M = ${stacked}, σ = ${sigma}`;
}
