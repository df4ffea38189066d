/**
 * The shape that every parametrization shares: a value that says what the network sees and makes
 * the estimator, and the energy where there is one, of it. To add one is to add a file and a line
 * in `index.ts`.
 */
import { mul, type Shape, type Tensor } from '../../graph/index.ts';
import type { Autoencoder, Network } from '../../nn/index.ts';
import type { DataScale } from '../data-scale.ts';
import type { View } from '../gps.ts';

/**
 * What networks a parametrization takes: those that keep the shape, give one number, or encode and
 * decode.
 */
export type NetworkKind = 'estimator' | 'energy' | 'autoencoder';

export interface Parametrization {
  readonly name: string;
  /** In words, for a list. */
  readonly description: string;
  /** Law of the measurements, given x. */
  readonly noise: 'gaussian' | 'poisson';
  /**
   * Whether the network sees the M measurements y ∈ R^{Md}, stacked as channels, rather than their
   * mean. Then the model is of this M alone: universality holds for what depends on ȳ.
   */
  readonly stacked: boolean;
  readonly takes: readonly NetworkKind[];
  /** Whether its network may be told the noise level of each example, and a condition. */
  readonly told: boolean;
  build(setting: ParametrizationSetting): Parametrized;
}

export interface ParametrizationSetting {
  readonly network: Network;
  readonly kind: NetworkKind;
  /** The network's two halves, where it is an autoencoder. */
  readonly autoencoder?: Autoencoder | undefined;
  /**
   * Shape of one example, and the measurements that the network sees: 1 where it sees their mean.
   */
  readonly shape: Shape;
  readonly stacked: number;
  /** Deviation of the noise in what the network sees: σ̃, or σ where it sees all measurements. */
  readonly inputSigma: number;
  /** Mλ of the counts that it sees, where measurements are Poisson. */
  readonly rate: number;
  /** What is added to x before it is counted. */
  readonly background: number;
  /** What an estimator's output means. */
  readonly view: View;
  /** Where data lie and how far they spread, for the views that need it. */
  readonly dataScale?: DataScale | undefined;
  /** What `network` divides its input by; the meta-encoder sees y the same way. */
  readonly inputScale: number;
  /** h(y, ν(y)), an energy of both stacked as channels; for `mem-quadratic`. */
  readonly metaEncoder?: Network | undefined;
}

export interface Parametrized {
  /**
   * x̂ of everything that the network sees: input [N, ...] → the same. Its score is (x̂ − y)/σ².
   */
  readonly denoiser: Network;
  /** −log p up to a constant, input [N, ...] → [N]. */
  readonly energy?: Network;
}

/** Scales y to what a network sees. */
export const scaleInput = (y: Tensor, scale: number) => (scale === 1 ? y : mul(y, 1 / scale));
