import { type ChainNoise, stream } from '../noise.ts';

/** What a full y needs besides the means of its blocks. */
export interface BlockOptions {
  /** b of each block. */
  readonly sizes: readonly number[];
  /** σ of one measurement, in units of x. */
  readonly sigma: number;
  /** Step of the walk that the draw was taken at: the counter of the noise. */
  readonly step: number;
}

/**
 * Draws all measurements of a sequential draw, from the means of its blocks: y_m = z + σ(ξ_m − ξ̄)
 * within each. Given its mean, the measurements of a block are exactly normal whatever the data and
 * the other blocks, as in `drawMeasurements`. A block of one is kept to the bit.
 *
 * @param blocks `[chains, blocks, d]`, of a `SequentialState`.
 * @param noise of these chains.
 * @returns y, `[chains, M, d]`.
 */
export function measurementsOfBlocks(
  blocks: Float32Array,
  { sizes, sigma, step }: BlockOptions,
  noise: ChainNoise,
): Float32Array {
  const measurements = sizes.reduce((sum, size) => sum + size, 0);
  const d = blocks.length / (noise.chains * sizes.length);
  const xi = new Float64Array(noise.chains * measurements * d);
  noise.normal(stream.residual, step, xi);
  const out = new Float32Array(xi.length);
  let to = 0;
  for (let chain = 0; chain < noise.chains; chain++) {
    sizes.forEach((size, block) => {
      const from = (chain * sizes.length + block) * d;
      for (let i = 0; i < d; i++) {
        let mean = 0;
        for (let m = 0; m < size; m++) mean += xi[to + m * d + i]! / size;
        for (let m = 0; m < size; m++) {
          const at = to + m * d + i;
          out[at] = size === 1 ? blocks[from + i]! : blocks[from + i]! + sigma * (xi[at]! - mean);
        }
      }
      to += size * d;
    });
  }
  return out;
}
