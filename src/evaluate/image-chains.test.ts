import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { anError } from '../testing-errors.ts';
import type { ChainDraws } from './draws.ts';
import { imageChainDiagnostics, SLOW_CHAIN_DRAWS } from './image-chains.ts';

/** x_t = ρ x_{t−1} + √(1−ρ²) ξ, stationary from the start: `[chains, draws, dimension]`. */
function autoregressive(shape: ChainDraws['shape'], rho: number, seed: number): ChainDraws {
  const [chains, draws, dimension] = shape;
  const data = new Float32Array(chains * draws * dimension);
  fillNormal(randomKey(seed), 0, data);
  for (let chain = 0; chain < chains; chain++) {
    for (let t = 1; t < draws; t++) {
      const row = (chain * draws + t) * dimension;
      for (let k = 0; k < dimension; k++) {
        data[row + k] =
          rho * data[row - dimension + k]! + Math.sqrt(1 - rho * rho) * data[row + k]!;
      }
    }
  }
  return { data, shape };
}

/** One-hot logits of given classes, `[chains, draws, K]`. */
function logitsOf(classes: readonly (readonly number[])[], count: number): ChainDraws {
  const data = classes
    .flat()
    .flatMap((own) => Array.from({ length: count }, (_, k) => +(k === own)));
  return {
    data: Float32Array.from(data),
    shape: [classes.length, classes[0]!.length, count],
  };
}

describe('imageChainDiagnostics', () => {
  test('of chains that stay where they are: one sample of each, if they are long enough to tell', () => {
    const of = (draws: number) => {
      const features = autoregressive([100, draws, 4], 0.999999, 1);
      return imageChainDiagnostics({ features, scoreCallsPerDraw: 1 }).effectiveSamples.median;
    };
    // The sum of autocorrelations ends after half a chain: at 10 draws with the first pair, 1 + 1 +
    // 2·1.
    expect(of(10)).toBeGreaterThan(240);
    expect(of(SLOW_CHAIN_DRAWS)).toBeLessThan(120);
  });

  test('of an autoregressive process: autocorrelation ρᵗ, N(1 − ρ)/(1 + ρ) effective samples', () => {
    const [chains, draws, rho] = [20, 500, 0.8];
    const features = autoregressive([chains, draws, 8], rho, 1);
    const found = imageChainDiagnostics({ features, scoreCallsPerDraw: 4 });
    // 80,000 correlated values: deviation of each lag about √(2/(1−ρ²)/80,000) ≈ 0.008; five of
    // them.
    for (const t of [0, 1, 2, 5]) {
      expect(Math.abs(found.autocorrelation[t]! - rho ** t)).toBeLessThan(0.04);
    }
    const expected = (chains * draws * (1 - rho)) / (1 + rho);
    expect(found.effectiveSamples.median / expected).toBeGreaterThan(0.8);
    expect(found.effectiveSamples.median / expected).toBeLessThan(1.25);
    expect(found.effectiveSamplesPerScoreCall).toBeCloseTo(
      found.effectiveSamples.median / (chains * draws * 4),
      12,
    );
    expect(found.rHat.largest).toBeLessThan(1.05);
    expect(found.classes).toBeUndefined();
  });

  test('chains that stay apart show in R̂ and in the effective samples', () => {
    const features = autoregressive([4, 100, 3], 0, 2);
    const apart = features.data.map((x, i) => x + 10 * Math.floor(i / 300)) as Float32Array;
    const found = imageChainDiagnostics({
      features: { data: apart, shape: [4, 100, 3] },
      scoreCallsPerDraw: 1,
    });
    expect(found.rHat.median).toBeGreaterThan(1.5);
    expect(found.effectiveSamples.median).toBeLessThan(20);
  });

  test('the longest stretch of one picture', () => {
    const { data, shape } = autoregressive([3, 40, 5], 0, 3);
    const row = (chain: number, t: number) => (chain * 40 + t) * 5;
    for (let t = 8; t < 20; t++) data.copyWithin(row(1, t), row(1, 7), row(1, 8));
    const { longestStuck } = imageChainDiagnostics({
      features: { data, shape },
      scoreCallsPerDraw: 1,
    });
    expect(longestStuck).toEqual({ chain: 1, start: 7, draws: 13 });
  });

  test('classes: visits, transitions, the longest stay', () => {
    const visits = [
      [0, 0, 1, 1, 1, 1, 0, 0, 0, 0],
      [2, 2, 2, 2, 2, 2, 2, 1, 1, 1],
    ];
    const { classes } = imageChainDiagnostics({
      features: autoregressive([2, 10, 2], 0, 4),
      logits: logitsOf(visits, 4),
      classes: ['cat', 'dog', 'ship', 'truck'],
      scoreCallsPerDraw: 1,
    });
    expect(classes).toEqual({
      names: ['cat', 'dog', 'ship', 'truck'],
      occupancy: [0.3, 0.35, 0.35, 0],
      coverage: 0.75,
      perChain: 2,
      transitions: [
        [4, 1, 0, 0],
        [1, 5, 0, 0],
        [0, 1, 6, 0],
        [0, 0, 0, 0],
      ],
      switchRate: 3 / 18,
      longestStay: { chain: 1, start: 0, draws: 7, name: 'ship' },
    });
  });

  test('too few draws', () => {
    const features = autoregressive([4, 9, 2], 0, 5);
    expect(() => imageChainDiagnostics({ features, scoreCallsPerDraw: 1 })).toThrow(
      anError('invalid', { draws: 9, least: 10 }),
    );
  });
});
