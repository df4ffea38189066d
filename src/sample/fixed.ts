/**
 * Coordinates that are known stay as they are and the walk fills in the others, such as positions
 * of a sequence or pixels of an image.
 */
import { UserError } from '../errors.ts';
import { firstNotFinite } from './finite.ts';
import { type ChainNoise, stream } from './noise.ts';
import type { FixedCoordinates } from './options.ts';
import type { GpsTarget } from './target.ts';

/**
 * Makes the density of the free coordinates of y given measurements of the fixed ones. Each chain
 * measures what is known once, c = x_fixed + σ ε in each of its measurements, keyed by seed and
 * chain, and walks p(y_free | y_fixed = c), whose score is that of p(y_free, c): the denoiser sees
 * c in the place of whatever the walk holds there. So what is known acts as far as one noisy look
 * at it tells. A jump says `values` at fixed coordinates.
 *
 * The walk's own numbers at fixed coordinates follow N(x_fixed, σ²), independent of all else, so
 * that kernels, their accept tests among them, need to know nothing of this.
 */
export function fixedTarget(
  target: GpsTarget,
  { mask, values }: FixedCoordinates,
  noise: ChainNoise,
): GpsTarget {
  const { chains } = noise;
  const { sigma, dimension, ybar } = target;
  const d = ybar.length / chains;
  const known = [...mask.keys()].filter((i) => mask[i] !== 0);
  const row = values.length === d ? 0 : d;
  const valueAt = (chain: number, i: number) => values[chain * row + i]!;
  /** Every fixed number of a position `[chains, M, d]`: where it is, and its x. */
  const places = Uint32Array.from(
    { length: ((chains * dimension) / d) * known.length },
    (_, k) => Math.floor(k / known.length) * d + known[k % known.length]!,
  );
  const centres = Float32Array.from(places, (at) => valueAt(Math.floor(at / dimension), at % d));
  const measured = new Float32Array(chains * dimension);
  noise.normal(stream.fixed, 0, measured);
  places.forEach((at, k) => {
    measured[at] = centres[k]! + sigma * measured[at]!;
  });

  const seen = new Float32Array(measured.length);
  const xhat = new Float32Array(ybar.length);
  const see = (y: Float32Array) => {
    seen.set(y);
    for (const at of places) seen[at] = measured[at]!;
    return seen;
  };
  const precision = 1 / (sigma * sigma);
  const { logDensity } = target;
  return {
    dimension,
    sigma,
    ybar,
    xhat,
    calls: target.calls,
    async jump(y) {
      await target.jump(see(y));
      xhat.set(target.xhat);
      for (let chain = 0; chain < chains; chain++) {
        for (const i of known) xhat[chain * d + i] = valueAt(chain, i);
      }
    },
    async score(y, out) {
      await target.score(see(y), out);
      places.forEach((at, k) => {
        out[at] = (centres[k]! - y[at]!) * precision;
      });
    },
    ...(logDensity && {
      async logDensity(y: Float32Array, out: Float64Array) {
        await logDensity(see(y), out);
        places.forEach((at, k) => {
          out[Math.floor(at / dimension)]! -= ((y[at]! - centres[k]!) ** 2 * precision) / 2;
        });
      },
    }),
  };
}

/**
 * Checks the fixed coordinates of `chains` chains in dimension `d`.
 *
 * @param d coordinates of x.
 *
 * @throws UserError for sizes that do not fit, values that are not finite, and nothing left to
 *   walk.
 */
export function checkFixed({ mask, values }: FixedCoordinates, chains: number, d: number): void {
  if (mask.length !== d) {
    throw new UserError(
      `fixed: the mask has ${mask.length} numbers, an example has ${d}; give one for each`,
    );
  }
  if (values.length !== d && values.length !== chains * d) {
    throw new UserError(
      `fixed: ${values.length} values, but an example has ${d}; give ${d} for all chains, or ${chains * d} for ${chains} chains`,
    );
  }
  if (mask.every((known) => known !== 0)) {
    throw new UserError('fixed: the mask fixes every coordinate; leave some free');
  }
  const bad = firstNotFinite(values.map((value, i) => (mask[i % d] === 0 ? 0 : value)));
  if (bad >= 0) {
    throw new UserError(`fixed: the value at [${bad}] is ${values[bad]}; give finite values`);
  }
}
