/** Models of counts: their estimator, and counts of a picture or behind a sum. */

import { drawPoisson } from '../../src/density/draws.ts';
import type { CountDenoiser } from '../../src/density/index.ts';
import { fillUniform, randomKey } from '../../src/random.ts';
import { binomialCount, refined } from '../../src/sample/kernels/counts.ts';
import type { CountNoise, ModelFacts } from './protocol.ts';

/** A model of counts: it takes the sum of all measurements, at every M of its class. */
export interface CountModel
  extends Pick<ModelFacts, 'shape' | 'sigma' | 'stacked' | 'levels' | 'classes'> {
  readonly counts: CountNoise;
  readonly denoise: CountDenoiser['denoise'];
}

/** Returns what the library walks of a model of counts. */
export const estimatorOf = ({ shape, counts, denoise }: CountModel): CountDenoiser => ({
  shape,
  ...counts,
  denoise,
});

/** Numbers that draw counts: the same for the same seed, chain and step. */
export interface DrawKey {
  readonly seed: number;
  readonly chain: number;
  readonly purpose: number;
  readonly step: number;
}

/**
 * Draws counts of M measurements of x `[d]`, y_m ~ Poisson(λ(x + b)), `[M, d]`; below 0 a picture
 * has no light.
 */
export function countsOf(
  x: Float32Array,
  measurements: number,
  { rate, background }: CountNoise,
  key: DrawKey,
): Float32Array {
  const uniform = uniforms(measurements * x.length, key);
  return Float32Array.from({ length: measurements * x.length }, (_, i) => {
    const light = Math.max(0, x[i % x.length]!) + background;
    return drawPoisson(uniform(i), (rate / measurements) * light);
  });
}

/**
 * Draws the counts `[M, d]` of M measurements behind their sum `[d]`. Given the sum each count is of
 * one measurement as well as of another, whatever x is: y ~ Multinomial(Σ y, 1/M) exactly.
 */
export function countsBehind(sum: Float32Array, measurements: number, key: DrawKey): Float32Array {
  const y = new Float32Array(measurements * sum.length);
  const uniform = uniforms(y.length, key);
  for (let l = 0; l < sum.length; l++) {
    let left = sum[l]!;
    for (let m = 0; m < measurements; m++) {
      const i = m * sum.length + l;
      y[i] = binomialCount(uniform(i), left, 1 / (measurements - m));
      left -= y[i]!;
    }
  }
  return y;
}

/** Uniform numbers of 46 bits. */
function uniforms(n: number, { seed, chain, purpose, step }: DrawKey): (i: number) => number {
  const drawn = new Float32Array(2 * n);
  fillUniform(randomKey(seed, chain, purpose), step, drawn);
  return (i) => refined(drawn[2 * i]!, drawn[2 * i + 1]!);
}
