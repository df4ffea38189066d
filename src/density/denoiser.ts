/**
 * The Bayes estimator of one class, of Gaussian measurements or of counts: what can be walked.
 * `rate` tells them apart.
 */
export type BayesEstimator = Denoiser | CountDenoiser;

/**
 * The Bayes estimator of one class of Poisson measurements: ν(s) = E[x | s] of the sum s = Σ_m y_m
 * of M counts y_m ~ Poisson(λ(x + b)), which is sufficient (Saremi & Srivastava 2022). One serves
 * every (M, λ) of equal Mλ.
 */
export interface CountDenoiser {
  /** Shape of one example: intensities of 0 or more. */
  readonly shape: readonly number[];
  /** Mλ, expected counts per unit of x in the sum of all measurements. */
  readonly rate: number;
  /** b of y_m ~ Poisson(λ(x + b)): counts that come where x is 0 too. Default 0. */
  readonly background?: number | undefined;
  readonly sigma?: undefined;
  readonly stacked?: undefined;
  /** Writes ν(s) into `out`; both are `[batch, ...shape]`, row-major, any batch. */
  denoise(s: Float32Array, out: Float32Array): Promise<void>;
}

/**
 * The Bayes estimator of one M-density class: ν(z) = E[x | ȳ = z] at the effective noise σ̃
 * (Saremi, Srivastava & Bach 2023, eq. 7). A trained network, an ONNX file and an exact density
 * all take this form, and it is all that a walk needs.
 */
export interface Denoiser {
  /** Shape of one example: `[channels, height, width]` for images, `[d]` for points. */
  readonly shape: readonly number[];
  /**
   * Effective noise σ̃ = σ/√M of the class, in units of x; σ itself where it is of M measurements
   * together.
   */
  readonly sigma: number;
  /**
   * Measurements M that it takes together, y `[batch, M, ...shape]` in place of their mean, as
   * paper B's parametrizations do; it is of this M alone. Then ν(y) is y + σ²∇log p_Y(y), an
   * estimate of x by each measurement, and x̂ is the mean of them. Default 1.
   */
  readonly stacked?: number;
  readonly rate?: undefined;
  /** Writes ν(z) into `out`; both are `[batch, ...shape]`, row-major, any batch. */
  denoise(z: Float32Array, out: Float32Array): Promise<void>;
  /**
   * Writes an estimate of ν(z) that is cheaper than `denoise` and a little less exact, as of 8-bit
   * arithmetic: a walk takes its scores from it, and jumps with `denoise`.
   */
  rough?(z: Float32Array, out: Float32Array): Promise<void>;
  /**
   * Writes log p_σ̃(z), up to one constant, into `out` `[batch]`; only where an energy is at hand,
   * as for an exact density. `gpsLogDensity` makes log p_Y(y) of it.
   */
  logDensity?(z: Float32Array, out: Float64Array): Promise<void>;
}

/**
 * Noise levels σ̃, in units of x: all between two, both included, or some alone (ascending).
 */
export type NoiseLevels =
  | { readonly from: number; readonly to: number }
  | { readonly values: readonly number[] };

/**
 * The Bayes estimators ν_σ̃ of one data set at every noise level of `levels`: what a network learns
 * that is told its noise, what a diffusion model is, and what an exact density has at any level.
 * One family serves every class [σ̃] in it, and so every member (M, σ̃√M) of each.
 */
export interface DenoiserFamily {
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly levels: NoiseLevels;
  /**
   * Largest standard deviation of x along any direction, where it is known: measurements with noise
   * of that size or more have a density without separate modes, or nearly.
   */
  readonly spread?: number;
  /**
   * The denoiser of the class σ̃; cheap to call, its arrays may be shared with the other levels.
   *
   * @throws UserError (`level`) for a σ̃ that is not among the levels.
   */
  at(sigma: number): Denoiser;
}
