import { z } from 'zod';

/**
 * Where data lie, and how far they spread: what the preconditioned view and families of noise
 * levels need.
 */
export interface DataScale {
  /**
   * μ of each entry of an example's first axis: of each channel of images, of each coordinate of
   * points.
   */
  readonly mean: readonly number[];
  /** σ_d: root mean square of the data about μ. */
  readonly deviation: number;
}

export const dataScaleSchema: z.ZodType<DataScale> = z.strictObject({
  mean: z.array(z.number()).min(1).readonly(),
  deviation: z.number().positive(),
});
