import { effectiveNoise, type NoiseLevels, poissonNoise } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { constant, input, type Shape } from '../graph/index.ts';
import {
  type Autoencoder,
  canBeTold,
  createAutoencoder,
  createNetwork,
  listParameters,
  type Network,
  networkKind,
  type ParameterSpec,
} from '../nn/index.ts';
import { type ConditionConfig, conditionShape, toldCondition } from './condition.ts';
import type { ModelConfig } from './config.ts';
import type { DataScale } from './data-scale.ts';
import { diffusionNetwork, viewOfTarget } from './diffusion.ts';
import { type View, views } from './gps.ts';
import type { NoiseConfig } from './noise.ts';
import {
  type NetworkKind,
  type Parametrization,
  parametrizations,
} from './parametrizations/index.ts';
import { scaleInput } from './parametrizations/parametrization.ts';

/** A denoiser ready to build into a graph. */
export interface DenoiserModel {
  /**
   * x̂ of the network's input: [batch, ...inputShape] → the same. It is told the noise level σ̃ of
   * each example where the model has `levels` (else it takes its own), and a class [batch] or
   * vector [batch, size] where it has a `condition`.
   */
  readonly denoiser: Network;
  /**
   * −log p of the input, up to a constant, [batch, ...inputShape] → [batch]; where there is one.
   */
  readonly energy?: Network | undefined;
  readonly specs: readonly ParameterSpec[];
  /** Shape of one example. */
  readonly shape: Shape;
  /** Measurements that the network sees: 1 where it sees their mean. */
  readonly stacked: number;
  /** Shape of what it sees of one example: `shape`, its first axis `stacked` times as long. */
  readonly inputShape: Shape;
  /**
   * Deviation of the noise in it: σ̃, or σ where it sees all measurements; 0 where it sees counts.
   */
  readonly inputSigma: number;
  /** Where it sees counts: their expected number in a unit of x, Mλ. */
  readonly rate?: number | undefined;
  /** What is added to x before it is counted. */
  readonly background: number;
  /** Noise levels that the network is told apart; absent where it knows one. */
  readonly levels?: NoiseLevels | undefined;
  /** Needed where there are `levels`. */
  readonly dataScale?: DataScale | undefined;
  readonly condition?: ConditionConfig | undefined;
}

/**
 * Creates a model from its configuration: its network, or `custom`, in its parametrization.
 *
 * @throws UserError for a network of another kind, or other noise, than the parametrization takes.
 */
export function createModel(config: ModelConfig, custom?: Network): DenoiserModel {
  const { shape, view, noise, dataScale, condition, metaEncoder, inputScale = 1 } = config;
  const background = noise.type === 'poisson' ? noise.background : 0;
  const parametrization: Parametrization = parametrizations[config.parametrization];
  const kind = networkKind(config.network);
  if (!parametrization.takes.includes(kind)) {
    const wanted = parametrization.takes.map((taken) => kindNames[taken]).join(' or ');
    throw new UserError(
      `parametrization ${config.parametrization}: takes ${wanted}, ${config.network.type} is ${kindNames[kind]}; choose another network`,
    );
  }
  checkView(config, parametrization);
  checkTold(config, parametrization);
  const { stacked, inputShape, inputSigma, rate } = inputOf(config);
  const built = parametrization.build({
    kind,
    inputSigma,
    rate: rate ?? 0,
    background,
    view,
    dataScale,
    shape,
    stacked,
    network: scaled(custom ? checked(custom, config) : ownNetwork(config, inputSigma), inputScale),
    autoencoder: scaledAutoencoder(createAutoencoder(config.network), inputScale),
    inputScale,
    metaEncoder: metaEncoder && createNetwork(metaEncoder),
  });
  const levels = levelsOf(config);
  const denoiser = told(built.denoiser, { levels, inputSigma, condition });
  const { energy } = built;
  const one = condition && { condition: input('condition', [1, ...conditionShape(condition)]) };
  const specs = listParameters(energy ?? denoiser, inputShape, one);
  const sees = { shape, stacked, inputShape, inputSigma, rate, background };
  return { denoiser, energy, specs, ...sees, levels, dataScale, condition };
}

/**
 * Gives the noise levels of a model that is told its level; none of one that knows a single one.
 */
export const levelsOf = ({ noise }: ModelConfig): NoiseLevels | undefined =>
  noise.type === 'gaussian' ? noise.levels : undefined;

/**
 * A denoiser that is always told what it needs: its own level and no condition, unless others are
 * given.
 */
function told(
  denoiser: Network,
  { levels, inputSigma, condition }: Pick<DenoiserModel, 'levels' | 'inputSigma' | 'condition'>,
): Network {
  if (!levels && !condition) return (scope, z) => denoiser(scope, z);
  return (scope, z, given = {}) =>
    denoiser(scope, z, {
      ...(levels && { level: given.level ?? constant([inputSigma]) }),
      ...(condition && given.condition && { condition: toldCondition(condition, given.condition) }),
    });
}

/** The network that the configuration describes, in the units of data. */
function ownNetwork({ network, diffusion }: ModelConfig, sigma: number): Network {
  const own = createNetwork(network);
  return diffusion ? diffusionNetwork(own, diffusion, sigma) : own;
}

/** A program's own network, which must keep the shape of what it sees. */
function checked(network: Network, config: ModelConfig): Network {
  const name = config.network.type === 'custom' ? config.network.name : config.network.type;
  return (scope, x, told) => {
    const out = network(scope, x, told);
    if (out?.shape?.join() === x.shape.join()) return out;
    const found = out?.shape === undefined ? 'no tensor' : `[${out.shape.join(', ')}]`;
    throw new UserError(
      `network ${name}: gives ${found} for [${x.shape.join(', ')}]; a denoiser keeps the shape`,
      { code: 'shape', facts: { option: 'network', name, shape: out?.shape, wanted: x.shape } },
    );
  };
}

const scaled =
  (network: Network, scale: number): Network =>
  (scope, x, told) =>
    network(scope, scaleInput(x, scale), told);

function scaledAutoencoder(autoencoder: Autoencoder | undefined, scale: number) {
  if (autoencoder === undefined) return undefined;
  const { encode } = autoencoder;
  const scaledEncode: typeof encode = (scope, x) => encode(scope, scaleInput(x, scale));
  return { ...autoencoder, encode: scaledEncode };
}

/** Only a network that keeps the shape, and sees Gaussian noise, can predict the noise instead. */
function checkView(config: ModelConfig, { name }: Parametrization): void {
  const { view, dataScale, inputScale, diffusion } = config;
  const taken = { gps: views, mdae: ['denoised', 'noise'] } as Record<string, readonly View[]>;
  const { [name]: own = ['denoised'] } = taken;
  if (!own.includes(view)) {
    throw new UserError(
      `view ${view}: parametrization ${name} has ${own.length === 1 ? 'no other view than denoised' : `the views ${own.join(' and ')}`}; leave it out`,
      { code: 'unsupported', facts: { view, parametrization: name } },
    );
  }
  if (diffusion && viewOfTarget(diffusion.target) !== view) {
    throw new UserError(
      `view ${view}: a diffusion of target ${diffusion.target} has the view ${viewOfTarget(diffusion.target)}; give that`,
      { code: 'mismatch', facts: { option: 'view', target: diffusion.target } },
    );
  }
  if (view !== 'preconditioned') return;
  if (inputScale !== undefined) {
    throw new UserError(
      `input scale ${inputScale}: the preconditioned view scales what the network sees itself; leave it out`,
      { code: 'mismatch', facts: { option: 'inputScale', view } },
    );
  }
  if (!dataScale) throw withoutScale('view preconditioned');
}

const withoutScale = (what: string) =>
  new UserError(`${what}: needs the data's mean and deviation; give dataScale`, {
    facts: { needs: 'dataScale' },
  });

/** Levels and conditions are for networks that can be told. */
function checkTold(config: ModelConfig, { name, told }: Parametrization): void {
  const { condition, network, dataScale } = config;
  const levels = levelsOf(config);
  if (!levels && !condition) return;
  const what = levels ? 'levels' : 'condition';
  const facts = { asked: what, parametrization: name, network: network.type };
  if (!told) {
    throw new UserError(
      `${what}: parametrization ${name} learns one noise level without conditions; take gps`,
      { code: 'unsupported', facts },
    );
  }
  if (!canBeTold(network)) {
    throw new UserError(
      `${what}: a network of type ${network.type} cannot be told any; take a U-Net, an mlp or a bytenet`,
      { code: 'unsupported', facts },
    );
  }
  if (levels && !dataScale) throw withoutScale('levels');
}

const kindNames: Readonly<Record<NetworkKind, string>> = {
  estimator: 'a network that keeps the shape',
  energy: 'an energy network',
  autoencoder: 'an autoencoder',
};

/**
 * Describes what the network of a model sees of one example.
 *
 * @throws UserError for a noise that is not the parametrization's.
 */
export function inputOf(config: ModelConfig): InputOfModel {
  const { parametrization, noise, shape } = config;
  const takes = parametrizations[parametrization];
  const { measurements } = noise;
  const stacked = takes.stacked ? measurements : 1;
  const inputShape = [stacked * shape[0]!, ...shape.slice(1)];
  if (takes.noise !== noise.type) throw otherNoise(config, takes.noise);
  if (noise.type === 'poisson') {
    const { effectiveRate } = poissonNoise(noise.rate, measurements);
    return { stacked, inputShape, inputSigma: 0, rate: effectiveRate };
  }
  const inputSigma = stacked === 1 ? effectiveNoise(noise.sigma, measurements) : noise.sigma;
  return { stacked, inputShape, inputSigma, rate: undefined };
}

type InputOfModel = Pick<DenoiserModel, 'stacked' | 'inputShape' | 'inputSigma' | 'rate'>;

function otherNoise({ parametrization, noise }: ModelConfig, wanted: NoiseConfig['type']) {
  const kinds = { poisson: 'counts, of a rate', gaussian: 'Gaussian noise, of a deviation sigma' };
  return new UserError(
    `parametrization ${parametrization}: takes ${kinds[wanted]}, the noise is ${noise.type}; give the other noise, or another parametrization`,
    { code: 'mismatch', facts: { parametrization, takes: wanted, noise: noise.type } },
  );
}
