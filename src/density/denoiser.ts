/**
 * The Bayes estimator of one M-density class: ν(z) = E[x | ȳ = z] at the effective noise σ̃
 * (paper A, eq. 7). A trained network, an ONNX file and an exact density all take this form,
 * and it is all that a walk needs.
 */
export interface Denoiser {
  /** Shape of one example: `[channels, height, width]` for images, `[d]` for points. */
  readonly shape: readonly number[];
  /** Effective noise σ̃ = σ/√M of the class, in units of x. */
  readonly sigma: number;
  /** Writes ν(z) into `out`; both are `[batch, ...shape]`, row-major, any batch. */
  denoise(z: Float32Array, out: Float32Array): Promise<void>;
}
