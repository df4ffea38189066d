import {
  add,
  constant,
  div,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
  type Tensor,
} from '../graph/index.ts';
import type { Network } from '../nn/index.ts';
import type { DataScale } from './data-scale.ts';

/** What a network's output may mean. */
export const views = ['denoised', 'noise', 'preconditioned'] as const;

export type View = (typeof views)[number];

export interface GpsOptions {
  /** σ̃ = σ/√M, where the network is not told another for each example. */
  readonly effectiveSigma: number;
  /**
   * `noise`: the network is ε_θ and ν_θ(z) = z − σ̃·ε_θ(z). `denoised`: the network is ν_θ. Both
   * have the same objective (σ̃²·E‖ε − ε_θ‖² = E‖x − ν_θ‖²). `preconditioned`: see `precondition`.
   */
  readonly view: View;
  /** Of the data; needed by `preconditioned`. */
  readonly scale?: DataScale | undefined;
}

/**
 * Parametrizes GPS directly (paper A, definition 1): ν_θ as a function of ȳ [N, ...shape]. The
 * score of channel m at any member (M, σ̃√M) of the class is (ν_θ(ȳ) − y_m)/σ².
 */
export function gps(network: Network, { effectiveSigma, view, scale }: GpsOptions): Network {
  return (scope, z, told = {}) => {
    if (view === 'denoised') return network(scope, z, told);
    const { level } = told;
    const sigma = level ? perExample(level, z) : effectiveSigma;
    if (view === 'noise') return sub(z, mul(network(scope, z, told), sigma));
    const levels = level ?? constant([effectiveSigma]);
    return precondition((x) => network(scope, x, told), z, levels, scale!);
  };
}

/** Numbers [N] beside x [N, ...]: [N, 1, ...]. */
const perExample = (values: Tensor, { shape }: Tensor) =>
  reshape(values, [values.shape[0]!, ...shape.slice(1).map(() => 1)]);

/**
 * ν(z) = μ + c_skip(z − μ) + c_out·F(c_in(z − μ)) with c_skip = σ_d²/(σ̃² + σ_d²),
 * c_out = σ̃σ_d/√(σ̃² + σ_d²) and c_in = 1/√(σ̃² + σ_d²): what F sees and what it is to give have
 * variance 1 at every σ̃, and where F is 0 ν is exact for Gaussian data of deviation σ_d (Karras et
 * al. 2022, table 1, here about the data's mean μ).
 */
function precondition(
  network: (x: Tensor) => Tensor,
  z: Tensor,
  level: Tensor,
  { mean, deviation }: DataScale,
): Tensor {
  const mu = constant(Float32Array.from(mean), [1, mean.length, ...z.shape.slice(2).map(() => 1)]);
  const own = deviation * deviation;
  const total = add(mul(level, level), own);
  const root = sqrt(total);
  const [skip, out, into] = [div(own, total), div(mul(level, deviation), root), div(1, root)].map(
    (factor) => perExample(factor, z),
  ) as [Tensor, Tensor, Tensor];
  const centred = sub(z, mu);
  const kept = add(mul(centred, skip), mu);
  return add(kept, mul(network(mul(centred, into)), out));
}

/**
 * Computes 1/c_out² = 1/σ̃² + 1/σ_d² of each level [N]: what makes the errors of F count alike
 * (Karras et al. 2022).
 */
export const lossWeight = (level: Tensor, { deviation }: DataScale): Tensor =>
  add(div(1, mul(level, level)), 1 / (deviation * deviation));

/** Computes the loss weight of one level. */
export const lossWeightOf = (level: number, { deviation }: DataScale): number =>
  1 / (level * level) + 1 / (deviation * deviation);

/**
 * Computes the objective (paper A, eq. 10): ‖x − ν‖² summed over dimensions, averaged over the
 * batch.
 *
 * @param weight of each example, [N]; default 1.
 */
export function denoisingLoss(x: Tensor, denoised: Tensor, weight?: Tensor): Tensor {
  const error = sub(x, denoised);
  const squares = reduceSum(mul(error, error), x.shape.map((_, axis) => axis).slice(1));
  return reduceMean(weight ? mul(squares, reshape(weight, squares.shape)) : squares);
}
