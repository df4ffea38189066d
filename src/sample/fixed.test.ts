/**
 * Exact: x ~ N(μ, C) with correlated coordinates, the third of them known. Then ȳ_free given c̄ is
 * N(μ_f + K(c̄ − μ_3), S) with K = C_f3/(C_33 + σ̃²) and S = C_ff + σ̃²I − K C_3f.
 */
import { describe, expect, test } from 'vitest';
import {
  type Denoiser,
  exactDenoiser,
  gaussian,
  gpsLogDensity,
  meanOfMeasurements,
} from '../density/index.ts';
import type { Jump } from './jump.ts';
import type { WalkJumpOptions } from './options.ts';
import { walkJump } from './walk-jump.ts';

const MEAN = [0.3, -0.5, 1] as const;
const COVARIANCE = [
  [1, 0.1, 0.6],
  [0.1, 0.8, -0.4],
  [0.6, -0.4, 0.9],
];
const [SIGMA, KNOWN, VALUE] = [0.6, 2, 2.2] as const;
const density = gaussian(MEAN, COVARIANCE);
const denoiser = exactDenoiser(density, SIGMA);
const mask = Uint8Array.of(0, 0, 1);
const fixed = { mask, values: Float32Array.of(Number.NaN, Number.NaN, VALUE) };

/** ν of each measurement, from y [batch, M, 3]: the exact denoiser of all measurements together. */
function stackedDenoiser(measurements: number): Denoiser {
  const sigma = SIGMA * Math.sqrt(measurements);
  return {
    shape: [3],
    stacked: measurements,
    sigma,
    async denoise(y, out) {
      const mean = meanOfMeasurements(y, measurements, 3);
      const estimate = new Float32Array(mean.length);
      await denoiser.denoise(mean, estimate);
      for (let i = 0; i < y.length; i++) {
        out[i] = estimate[3 * Math.floor(i / (3 * measurements)) + (i % 3)]!;
      }
    },
    async logDensity(y, out) {
      await denoiser.logDensity(meanOfMeasurements(y, measurements, 3), out);
      gpsLogDensity(out, y, sigma, measurements, 3, out);
    },
  };
}

const CHAINS = 3000;

/** The last jump of many chains: independent draws. */
async function lastJump(from: Denoiser, options: Partial<WalkJumpOptions>): Promise<Jump> {
  const walk = { chains: CHAINS, steps: 1, burnIn: 150, seed: 11, fixed };
  for await (const jump of walkJump(from, { ...walk, ...options })) return jump;
  throw new Error('no jump');
}

/** What a standard normal is compared with: beyond 4.8 once in 600,000 times. */
const LIMIT = 4.8;

function meanScore(values: readonly number[], mean: number, variance: number): number {
  const found = values.reduce((sum, value) => sum + value, 0) / values.length;
  return (found - mean) / Math.sqrt(variance / values.length);
}

/** The score of a mean of products u·v of normals with covariance S: Var = S_uu S_vv + S_uv². */
function productScore(
  [u, v]: readonly [readonly number[], readonly number[]],
  [uu, vv, uv]: readonly [number, number, number],
): number {
  return meanScore(
    u.map((value, i) => value * v[i]!),
    uv,
    uu * vv + uv * uv,
  );
}

// BAOAB keeps positions of a Gaussian exactly, MALA keeps every law: what is compared has no bias
// of steps.
const baoab = { kernel: 'baoab', stepSize: 0.8, friction: 0.6 } as const;
const mala = { kernel: 'mala', stepSize: 0.9 } as const;

describe('coordinates that are known', () => {
  test.each<[string, Denoiser, Partial<WalkJumpOptions>]>([
    ['GPS, M = 1', denoiser, baoab],
    ['GPS, M = 4', denoiser, { ...baoab, measurements: 4, burnIn: 300 }],
    ['the mean walk, M = 4', denoiser, { ...baoab, measurements: 4, meanWalk: true }],
    ['GPS by MALA, M = 1', denoiser, mala],
    ['GPS by MALA, M = 4', denoiser, { ...mala, measurements: 4, burnIn: 400 }],
    ['all measurements together, M = 3', stackedDenoiser(3), { ...baoab, burnIn: 300 }],
    ['all measurements together by MALA, M = 3', stackedDenoiser(3), { ...mala, burnIn: 400 }],
  ])('leave the others their law given a measurement of them: %s', async (_, from, options) => {
    const { ybar, xhat, state } = await lastJump(from, options);
    const column = (values: Float32Array, i: number) =>
      Array.from({ length: CHAINS }, (_unused, chain) => values[3 * chain + i]!);
    expect(new Set(column(xhat, KNOWN))).toEqual(new Set([Math.fround(VALUE)]));

    const seen = column(ybar, KNOWN);
    expect(Math.abs(meanScore(seen, VALUE, SIGMA ** 2))).toBeLessThan(LIMIT);
    const apart = seen.map((value) => value - VALUE);
    const noise = SIGMA ** 2;
    expect(Math.abs(productScore([apart, apart], [noise, noise, noise]))).toBeLessThan(LIMIT);

    // The walk's own numbers there are normal about what is known, and of no use to anything else.
    const width = state.position.length / CHAINS;
    const own = Array.from(
      { length: CHAINS },
      (_unused, chain) => state.position[chain * width + KNOWN]! - VALUE,
    );
    const ownNoise = noise * (width / 3);
    expect(Math.abs(meanScore(own, 0, ownNoise))).toBeLessThan(LIMIT);
    expect(Math.abs(productScore([own, own], [ownNoise, ownNoise, ownNoise]))).toBeLessThan(LIMIT);

    const total = COVARIANCE[KNOWN]![KNOWN]! + noise;
    const gain = (i: number) => COVARIANCE[i]![KNOWN]! / total;
    const s = (i: number, j: number) =>
      COVARIANCE[i]![j]! + (i === j ? noise : 0) - gain(i) * COVARIANCE[KNOWN]![j]!;
    const rest = [0, 1].map((i) =>
      column(ybar, i).map(
        (value, chain) => value - MEAN[i]! - gain(i) * (seen[chain]! - MEAN[KNOWN]),
      ),
    );
    for (const [i, j] of [
      [0, 0],
      [1, 1],
      [0, 1],
    ] as const) {
      if (i === j) expect(Math.abs(meanScore(rest[i]!, 0, s(i, i)))).toBeLessThan(LIMIT);
      const score = productScore([rest[i]!, rest[j]!], [s(i, i), s(j, j), s(i, j)]);
      expect(Math.abs(score), `covariance ${i}, ${j}`).toBeLessThan(LIMIT);
      // Nothing of the measurement is left in the rest.
      expect(Math.abs(productScore([rest[i]!, apart], [s(i, i), noise, 0]))).toBeLessThan(LIMIT);
    }
  });

  test('may differ from chain to chain, and do not depend on the other chains', async () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => i / 4);
    const options = { chains: 4, steps: 5, seed: 3 };
    const jumpsOf = async (part: Partial<WalkJumpOptions>) => {
      const jumps: Jump[] = [];
      for await (const jump of walkJump(denoiser, { ...options, ...part })) jumps.push(jump);
      return jumps;
    };
    const all = await jumpsOf({ fixed: { mask, values } });
    const { xhat, ybar } = all.at(-1)!;
    expect([2, 5, 8, 11].map((i) => xhat[i])).toEqual([0.5, 1.25, 2, 2.75]);
    const alone = await jumpsOf({
      chains: 1,
      firstChain: 2,
      fixed: { mask, values: values.slice(6, 9) },
    });
    expect(alone.at(-1)!.ybar).toEqual(ybar.slice(6, 9));
    // What is measured of them stays as it was from jump to jump.
    expect(all.map((jump) => jump.ybar[2])).toEqual(all.map(() => ybar[2]));
  });

  test('none of them is a walk as without', async () => {
    const options = { chains: 2, steps: 6, seed: 5 };
    const none = { mask: new Uint8Array(3), values: new Float32Array(3) };
    const [a, b] = await Promise.all([
      lastJump(denoiser, { ...options, fixed: none }),
      lastJump(exactDenoiser(density, SIGMA), { ...options, fixed: none }),
    ]);
    const { fixed: _, ...without } = { fixed, ...options };
    for await (const jump of walkJump(denoiser, { burnIn: 150, ...without })) {
      expect(jump.ybar).toEqual(a.ybar);
      expect(jump.xhat).toEqual(b.xhat);
      break;
    }
  });

  test.each<[string, NonNullable<WalkJumpOptions['fixed']>, string]>([
    [
      'a mask of another size',
      { mask: new Uint8Array(2), values: new Float32Array(3) },
      'fixed: the mask has 2 numbers, an example has 3; give one for each',
    ],
    [
      'values of another size',
      { mask, values: new Float32Array(5) },
      'fixed: 5 values, but an example has 3; give 3 for all chains, or 6 for 2 chains',
    ],
    [
      'nothing free',
      { mask: Uint8Array.of(1, 1, 1), values: new Float32Array(3) },
      'fixed: the mask fixes every coordinate; leave some free',
    ],
    [
      'a value that is not finite',
      { mask, values: Float32Array.of(0, 0, Number.POSITIVE_INFINITY) },
      'fixed: the value at [2] is Infinity; give finite values',
    ],
  ])('are refused: %s', (_, wrong, message) => {
    expect(() => walkJump(denoiser, { chains: 2, steps: 1, fixed: wrong })).toThrow(message);
  });
});
