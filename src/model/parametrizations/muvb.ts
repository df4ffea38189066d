import {
  add,
  cast,
  constant,
  cos,
  exp,
  log,
  mul,
  reduceSum,
  reshape,
  sizeOf,
  slice,
  sqrt,
  sub,
  type Tensor,
} from '../../graph/index.ts';
import type { Autoencoder, Code, Scope } from '../../nn/index.ts';
import { fillNormal, randomKey } from '../../random.ts';
import { estimatorOf } from '../energy.ts';
import type { Parametrization, ParametrizationSetting } from './parametrization.ts';

/**
 * Draws of the code that the bound is averaged over where nothing is random: pairs ±ε, always the
 * same.
 */
const PAIRS = 2;

/**
 * Multimeasurement unnormalised variational Bayes: the energy −ELBO(y) of a variational autoencoder
 * that encodes all measurements, with the known noise as its likelihood, so that its decoder's mean
 * plays ν (paper B, section 3.3). While training the code is drawn anew at every step; otherwise
 * the bound is averaged over fixed draws, and the energy is a function.
 */
export const muvb: Parametrization = {
  name: 'muvb',
  description: 'variational energy −ELBO of all M measurements; for this M alone',
  noise: 'gaussian',
  stacked: true,
  takes: ['autoencoder'],
  told: false,
  build: (setting) => {
    const { inputSigma } = setting;
    const energy = (scope: Scope, y: Tensor) => negativeBound(scope, y, setting);
    return { energy, denoiser: estimatorOf(energy, inputSigma) };
  },
};

/** −ELBO(y) = E_q[Σ_m ‖y_m − decode(c)‖²/(2σ²)] + KL(q(c|y) ‖ N(0, I)), up to a constant: [N]. */
function negativeBound(scope: Scope, y: Tensor, setting: ParametrizationSetting): Tensor {
  const { shape, stacked, inputSigma } = setting;
  const autoencoder = setting.autoencoder!;
  const code = autoencoder.encode(scope.at('encoder'), y);
  const [rows, d] = [y.shape[0]!, sizeOf(shape)];
  const drawn = drawCodes(scope, code, autoencoder);
  const [, draws, latent] = drawn.shape as readonly [number, number, number];
  // All draws go through the decoder as one batch.
  const flat = reshape(drawn, [rows * draws, latent]);
  const means = autoencoder.decode(scope.at('decoder'), flat, shape);
  const residual = sub(reshape(y, [rows, 1, stacked, d]), reshape(means, [rows, draws, 1, d]));
  const squares = reshape(reduceSum(mul(residual, residual), [1, 2, 3]), [rows]);
  return add(mul(squares, 1 / (2 * inputSigma ** 2 * draws)), divergence(code));
}

/** KL(N(m, diag v) ‖ N(0, I)) = ½ Σ (m² + v − 1 − log v): [N]. */
function divergence({ mean, logVariance }: Code): Tensor {
  const terms = sub(add(mul(mean, mean), exp(logVariance)), add(logVariance, 1));
  return mul(reshape(reduceSum(terms, 1), [mean.shape[0]!]), 0.5);
}

/** Codes [N, draws, latent]: one at random, or the fixed ones. */
function drawCodes(scope: Scope, { mean, logVariance }: Code, { latent }: Autoencoder): Tensor {
  const rows = mean.shape[0]!;
  const bytes = scope.randomBytes([rows, latent, 4]);
  const epsilon = bytes ? reshape(normalOf(bytes), [rows, 1, latent]) : fixedNormal(latent);
  const deviation = reshape(exp(mul(logVariance, 0.5)), [rows, 1, latent]);
  return add(reshape(mean, [rows, 1, latent]), mul(deviation, epsilon));
}

/** [1, 2 · PAIRS, latent]. */
function fixedNormal(latent: number): Tensor {
  const values = new Float32Array(2 * PAIRS * latent);
  const half = values.subarray(0, PAIRS * latent);
  fillNormal(randomKey(0), 0, half);
  values.set(
    half.map((value) => -value),
    half.length,
  );
  return constant(values, [1, 2 * PAIRS, latent]);
}

/**
 * Normal numbers [N, n] of random bytes [N, n, 4], by Box & Muller: two numbers of 16 bits for
 * each.
 */
function normalOf(bytes: Tensor): Tensor {
  const [rows, count] = bytes.shape as readonly [number, number];
  const uniform = (first: number) => {
    const pair = cast(slice(bytes, [0, 0, first], [rows, count, first + 2]), 'float32');
    const value = reduceSum(mul(pair, constant([256, 1], [1, 1, 2])), 2);
    return mul(add(reshape(value, [rows, count]), 0.5), 1 / 65536);
  };
  const radius = sqrt(mul(log(uniform(0)), -2));
  return mul(radius, cos(mul(uniform(2), 2 * Math.PI)));
}
