/**
 * Densities that are steered, as denoisers made of others: p_σ̃ to a power, times e^g for guides g,
 * or between a conditional and an unconditional one. Each gives z + σ̃²∇ log of the new density in
 * the place of ν, so that every walk, kernel and jump takes it, at any M: in the walk of y the
 * guide is a function of ȳ, and its score reaches each measurement as ∇g/M.
 */
import { UserError } from '../errors.ts';
import type { Denoiser, DenoiserFamily } from './denoiser.ts';

/** A differentiable scalar, one for each row. */
export interface Guide {
  /** What it is a function of: ȳ, or the estimate x̂ = ν(ȳ). Default `ybar`. */
  readonly of?: 'ybar' | 'xhat';
  /** w of w·g. Default 1. */
  readonly weight?: number;
  /** Writes ∇g at every row of `at` `[rows, d]` into `out`, of its shape. */
  gradient(at: Float32Array, out: Float32Array): Promise<void>;
  /** Writes g `[rows]`; kernels with an accept test need it of every guide. */
  value?(at: Float32Array, out: Float64Array): Promise<void>;
}

/** How a density is steered: p^β e^{Σ w g}, its score not longer than `clip`. */
export interface GuidanceOptions {
  readonly guides?: readonly Guide[];
  /** β, above 0: 1 leaves the density, more sharpens it. Default 1. */
  readonly inverseTemperature?: number;
  /** Longest score of a row, in units of 1/x: longer ones are shortened. Default: none. */
  readonly clip?: number;
}

/** Length of a finite difference along a guide's gradient, in units of σ̃ for each coordinate. */
const STEP = 1e-2;

/**
 * Makes the denoiser of p_σ̃(z)^β e^{Σ w g}, as z + σ̃² times its score, clipped if so.
 *
 * The gradient of a guide of x̂ takes Jᵀ∇g with J = ∂ν/∂z, which is symmetric where ν comes of a
 * density (σ̃²J = Cov(x|z)): Jᵀv = Jv is the difference (ν(z + hv) − ν(z))/h, one more call of ν
 * for each such guide. In a sequential walk each level is steered by itself, and the law of ȳ is
 * this one only as far as the guides of all levels agree.
 *
 * @throws UserError for a β or a clip that is not above 0, a weight that is not finite, or a
 *   denoiser that takes all measurements; while walking, for a gradient that is not finite.
 */
export function guided(denoiser: Denoiser, options: GuidanceOptions): Denoiser {
  const { guides = [], inverseTemperature: beta = 1, clip } = options;
  check(denoiser, options);
  const { sigma } = denoiser;
  const d = denoiser.shape.reduce((product, size) => product * size, 1);
  const variance = sigma * sigma;

  async function denoise(z: Float32Array, out: Float32Array): Promise<void> {
    const nu = new Float32Array(z.length);
    await denoiser.denoise(z, nu);
    const push = new Float32Array(z.length);
    for (const guide of guides) await addGradient(guide, z, nu, push);
    for (let i = 0; i < z.length; i++) {
      push[i] = (beta * (nu[i]! - z[i]!)) / variance + push[i]!;
    }
    if (clip !== undefined) shorten(push, d, clip);
    for (let i = 0; i < z.length; i++) out[i] = z[i]! + variance * push[i]!;
  }
  async function addGradient(
    guide: Guide,
    z: Float32Array,
    nu: Float32Array,
    push: Float32Array,
  ): Promise<void> {
    const { weight = 1, of = 'ybar' } = guide;
    const gradient = new Float32Array(z.length);
    await guide.gradient(of === 'xhat' ? nu : z, gradient);
    checkGradient(gradient, d);
    const pulled = of === 'xhat' ? await through(gradient, z, nu) : gradient;
    for (let i = 0; i < z.length; i++) push[i]! += weight * pulled[i]!;
  }
  /** J v of every row, by one difference. */
  async function through(v: Float32Array, z: Float32Array, nu: Float32Array) {
    const steps = rowNorms(v, d).map((norm) =>
      norm === 0 ? 0 : (STEP * sigma * Math.sqrt(d)) / norm,
    );
    const moved = z.map((value, i) => value + steps[Math.floor(i / d)]! * v[i]!);
    const there = new Float32Array(z.length);
    await denoiser.denoise(moved, there);
    return there.map((value, i) => {
      const h = steps[Math.floor(i / d)]!;
      return h === 0 ? 0 : (value - nu[i]!) / h;
    });
  }
  const known =
    clip === undefined && denoiser.logDensity && guides.every(({ value }) => value !== undefined);
  async function logDensity(z: Float32Array, out: Float64Array): Promise<void> {
    await denoiser.logDensity!(z, out);
    for (let i = 0; i < out.length; i++) out[i]! *= beta;
    const value = new Float64Array(out.length);
    for (const guide of guides) {
      const at = guide.of === 'xhat' ? new Float32Array(z.length) : z;
      if (guide.of === 'xhat') await denoiser.denoise(z, at);
      await guide.value!(at, value);
      for (let i = 0; i < out.length; i++) out[i]! += (guide.weight ?? 1) * value[i]!;
    }
  }
  const { rough } = denoiser;
  return {
    shape: denoiser.shape,
    sigma,
    denoise,
    ...(rough && { rough: guided(onlyRough(denoiser, rough), options).denoise }),
    ...(known && { logDensity }),
  };
}

/** The rough estimate as a denoiser of its own. */
const onlyRough = (
  { shape, sigma }: Denoiser,
  rough: NonNullable<Denoiser['rough']>,
): Denoiser => ({ shape, sigma, denoise: rough });

/** Guides every level of a family; see `guided`. */
export function guidedFamily(family: DenoiserFamily, options: GuidanceOptions): DenoiserFamily {
  return { ...family, at: (sigma) => guided(family.at(sigma), options) };
}

/**
 * Applies classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): ν = ν_u + w(ν_c − ν_u),
 * that is the density p_c^w p_u^{1−w} of ȳ. At w = 1 it is the conditional one, above it is further
 * from the unconditional one. Two calls for one.
 *
 * @throws UserError where the two are of other shapes or classes, or w is not finite.
 */
export function classifierFree(
  conditional: Denoiser,
  unconditional: Denoiser,
  weight: number,
): Denoiser {
  const { shape, sigma } = conditional;
  if (!Number.isFinite(weight)) throw range('weight', weight, 'a finite number');
  if (shape.join() !== unconditional.shape.join() || sigma !== unconditional.sigma) {
    throw new UserError(
      `unconditional: is of shape [${unconditional.shape.join(', ')}] and class ${unconditional.sigma}, the conditional of [${shape.join(', ')}] and ${sigma}; give two of one kind`,
      { code: 'mismatch', facts: { option: 'unconditional', sigma: unconditional.sigma } },
    );
  }
  const between = <A extends Float32Array | Float64Array>(c: A, u: A, out: A) => {
    for (let i = 0; i < out.length; i++) out[i] = u[i]! + weight * (c[i]! - u[i]!);
  };
  const roughs = conditional.rough && unconditional.rough;
  const energies = conditional.logDensity && unconditional.logDensity;
  return {
    shape,
    sigma,
    async denoise(z, out) {
      const nu = new Float32Array(z.length);
      const own = new Float32Array(z.length);
      await unconditional.denoise(z, nu);
      await conditional.denoise(z, own);
      between(own, nu, out);
    },
    ...(roughs && {
      rough: classifierFree(
        onlyRough(conditional, conditional.rough!),
        onlyRough(unconditional, unconditional.rough!),
        weight,
      ).denoise,
    }),
    ...(energies && {
      async logDensity(z: Float32Array, out: Float64Array) {
        const other = new Float64Array(out.length);
        await unconditional.logDensity!(z, other);
        await conditional.logDensity!(z, out);
        between(out, other, out);
      },
    }),
  };
}

/** What was seen of x: b = A x + s ε. */
export interface Observation {
  /** d. */
  readonly dimension: number;
  /** Writes A x of one row into `out`, of the length of b. */
  apply(x: Float32Array, out: Float32Array): void;
  /** Writes Aᵀr of one row, r of the length of b, into `out` `[d]`. */
  adjoint(r: Float32Array, out: Float32Array): void;
  /** b; the same for all rows. */
  readonly values: Float32Array;
  /** s, above 0: noise of b, and whatever x̂ does not know of x. */
  readonly noise: number;
}

/**
 * Makes the guide −‖A x̂ − b‖²/(2s²) of a linear inverse problem: inpainting, deblurring,
 * superresolution (after Chung et al. 2023, "Diffusion posterior sampling", arXiv 2209.14687, where
 * it stands for log p(b | ȳ)). That is N(b; A x̂, s²I + A Cov(x|ȳ) Aᵀ) for Gaussians: give the
 * larger s where much is open.
 *
 * @throws UserError for a noise that is not above 0 or values that are not finite.
 */
export function observationGuide(observation: Observation): Guide {
  const { dimension: d, apply, adjoint, values, noise } = observation;
  if (!(noise > 0 && Number.isFinite(noise)))
    throw range('noise', noise, 'a finite number above 0');
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw range(`values[${bad}]`, values[bad]!, 'finite values');
  const residual = new Float32Array(values.length);
  function seen(row: Float32Array): Float32Array {
    apply(row, residual);
    for (let i = 0; i < residual.length; i++) residual[i] = values[i]! - residual[i]!;
    return residual;
  }
  const precision = 1 / (noise * noise);
  return {
    of: 'xhat',
    async gradient(at, out) {
      for (let from = 0; from < at.length; from += d) {
        const own = out.subarray(from, from + d);
        adjoint(seen(at.subarray(from, from + d)), own);
        for (let i = 0; i < d; i++) own[i]! *= precision;
      }
    },
    async value(at, out) {
      for (let k = 0; k < out.length; k++) {
        const square = seen(at.subarray(k * d, (k + 1) * d)).reduce((sum, r) => sum + r * r, 0);
        out[k] = (-precision * square) / 2;
      }
    },
  };
}

function check(denoiser: Denoiser, options: GuidanceOptions): void {
  const { guides = [], inverseTemperature: beta = 1, clip = 1 } = options;
  if ((denoiser.stacked ?? 1) > 1) {
    throw new UserError(
      'guides: this model takes all measurements and has no density of their mean to steer; train GPS',
      { code: 'unsupported', facts: { option: 'guides', stacked: denoiser.stacked } },
    );
  }
  for (const [name, value] of [
    ['inverseTemperature', beta],
    ['clip', clip],
  ] as const) {
    if (!(value > 0 && Number.isFinite(value))) throw range(name, value, 'a finite number above 0');
  }
  guides.forEach(({ gradient, weight = 1 }, k) => {
    if (!Number.isFinite(weight)) throw range(`guides[${k}].weight`, weight, 'a finite number');
    if (typeof gradient !== 'function') {
      throw new UserError(`guides[${k}]: has no gradient; give gradient(at, out)`, {
        code: 'shape',
        facts: { option: 'guides', index: k },
      });
    }
  });
}

const range = (option: string, value: number, wanted: string) =>
  new UserError(`${option}: ${value} is out of range; give ${wanted}`, {
    facts: { option, value },
  });

/** @throws UserError for a gradient that is not finite. */
function checkGradient(gradient: Float32Array, d: number): void {
  const bad = gradient.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new UserError(
    `guides: a gradient is ${gradient[bad]} in row ${Math.floor(bad / d)}, coordinate ${bad % d}; check the guide`,
    { facts: { option: 'guides', row: Math.floor(bad / d), coordinate: bad % d } },
  );
}

function rowNorms(values: Float32Array, d: number): Float64Array {
  const squares = new Float64Array(values.length / d);
  for (let i = 0; i < values.length; i++) squares[Math.floor(i / d)]! += values[i]! ** 2;
  return squares.map(Math.sqrt);
}

/** Shortens rows longer than `longest` to that length. */
function shorten(values: Float32Array, d: number, longest: number): void {
  const norms = rowNorms(values, d);
  for (let i = 0; i < values.length; i++) {
    const norm = norms[Math.floor(i / d)]!;
    if (norm > longest) values[i]! *= longest / norm;
  }
}
