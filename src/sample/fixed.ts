/**
 * Coordinates that are known stay as they are and the walk fills in the others, such as positions
 * of a sequence or pixels of an image.
 */
import { type Guide, observationGuide } from '../density/index.ts';
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
  const known = knownOf(mask);
  const { places, centres, measured } = measureFixed({ mask, values }, { dimension, sigma }, noise);

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
        const row = values.length === d ? 0 : chain * d;
        for (const i of known) xhat[chain * d + i] = values[row + i]!;
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

/** What is fixed in positions `[chains, dimension]`, and what each chain measures of it. */
export interface MeasuredCoordinates {
  /** Every fixed number of a position: its index. */
  readonly places: Uint32Array;
  /** x there. */
  readonly centres: Float32Array;
  /** `[chains, dimension]`: c = x + σ ε at `places`. */
  readonly measured: Float32Array;
}

/**
 * Measures the fixed coordinates once for each chain and each of its measurements, keyed by seed
 * and chain.
 *
 * @param walked numbers in the position of a chain, of M·d or d, and their noise.
 */
export function measureFixed(
  { mask, values }: FixedCoordinates,
  { dimension, sigma }: { readonly dimension: number; readonly sigma: number },
  noise: ChainNoise,
): MeasuredCoordinates {
  const { chains } = noise;
  const d = mask.length;
  const known = knownOf(mask);
  const row = values.length === d ? 0 : d;
  const places = Uint32Array.from(
    { length: ((chains * dimension) / d) * known.length },
    (_, k) => Math.floor(k / known.length) * d + known[k % known.length]!,
  );
  const centres = Float32Array.from(
    places,
    (at) => values[Math.floor(at / dimension) * row + (at % d)]!,
  );
  const measured = new Float32Array(chains * dimension);
  noise.normal(stream.fixed, 0, measured);
  places.forEach((at, k) => {
    measured[at] = centres[k]! + sigma * measured[at]!;
  });
  return { places, centres, measured };
}

const knownOf = (mask: Uint8Array): number[] => [...mask.keys()].filter((i) => mask[i] !== 0);

/**
 * Makes the guide that holds x̂ to what is known, within noise s, in place of measuring it once:
 * −‖x̂ − x‖²/(2s²) over the known coordinates, see `observationGuide`.
 *
 * @param fixed its values are `[d]`, the same for all chains.
 * @param noise s, above 0; far below σ̃/2 steps of the usual length diverge.
 *
 * @throws UserError for sizes that do not fit, values that are not finite, and nothing left open.
 */
export function fixedGuide(fixed: FixedCoordinates, noise: number): Guide {
  const { mask, values } = fixed;
  checkFixed(fixed, 1, mask.length);
  const known = knownOf(mask);
  return observationGuide({
    dimension: mask.length,
    noise,
    values: Float32Array.from(known, (i) => values[i]!),
    apply: (x, out) => {
      for (const [k, i] of known.entries()) out[k] = x[i]!;
    },
    adjoint: (r, out) => {
      out.fill(0);
      for (const [k, i] of known.entries()) out[i] = r[k]!;
    },
  });
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
