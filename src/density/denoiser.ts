/**
 * The Bayes estimator of one class, of Gaussian measurements or of counts: what can be walked. `rate` tells
 * them apart.
 */
export type BayesEstimator = Denoiser | CountDenoiser;

/**
 * The Bayes estimator of one class of Poisson measurements: ν(s) = E[x | s] of the sum s = Σ_m y_m of M
 * counts y_m ~ Poisson(λ(x + b)), which is sufficient (Saremi & Srivastava 2022). One serves every (M, λ) of
 * equal Mλ.
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
  /** Effective noise σ̃ = σ/√M of the class, in units of x; σ itself where it is of M measurements together. */
  readonly sigma: number;
  /**
   * Measurements M that it takes together, y `[batch, M, ...shape]` in place of their mean, as paper B's
   * parametrizations do; it is of this M alone. Then ν(y) is y + σ²∇log p_Y(y), an estimate of x by each
   * measurement, and x̂ is the mean of them. Default 1.
   */
  readonly stacked?: number;
  readonly rate?: undefined;
  /** Writes ν(z) into `out`; both are `[batch, ...shape]`, row-major, any batch. */
  denoise(z: Float32Array, out: Float32Array): Promise<void>;
  /**
   * Writes log p_σ̃(z), up to one constant, into `out` `[batch]`; only where an energy is at hand,
   * as for an exact density. `gpsLogDensity` makes log p_Y(y) of it.
   */
  logDensity?(z: Float32Array, out: Float64Array): Promise<void>;
}
