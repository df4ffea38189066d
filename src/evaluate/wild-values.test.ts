import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import {
  autocorrelation,
  autocorrelationTime,
  type ChainDraws,
  chainMoments,
  diagnoseChains,
  effectiveSampleSize,
  exactWasserstein,
  precisionRecall,
  rHat,
  slicedWasserstein,
  squaredJumpDistance,
  wasserstein1d,
} from './index.ts';

/** Numbers that break sums: denormals, the ends of double precision, infinities, NaN, both zeros. */
const wild = fc.oneof(
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1e-310, 1e308, -1e308, 1, -1, 1e150, 1e-160),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
);
/** The same without those that every statistic refuses. */
const finite = fc.oneof(
  fc.constantFrom(0, -0, 5e-324, -5e-324, 1e-310, 1e100, -1e100, 1, -1, 1e-160),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }),
);

const CHAINS = 2;
const DRAWS = 12;
const D = 2;
const drawsOf = (value: fc.Arbitrary<number>): fc.Arbitrary<ChainDraws> =>
  fc
    .array(value, { minLength: CHAINS * DRAWS * D, maxLength: CHAINS * DRAWS * D })
    .map((data) => ({ data: Float64Array.from(data), shape: [CHAINS, DRAWS, D] }));

const ofChains: Readonly<Record<string, (draws: ChainDraws) => unknown>> = {
  autocorrelation: (draws) => autocorrelation(draws),
  autocorrelationTime,
  chainMoments: (draws) => chainMoments(draws),
  diagnoseChains,
  effectiveSampleSize: (draws) => effectiveSampleSize(draws),
  rHat: (draws) => rHat(draws),
  squaredJumpDistance,
};
const ofSamples: Readonly<Record<string, (x: Float64Array, y: Float64Array) => unknown>> = {
  wasserstein1d,
  exactWasserstein: (x, y) => exactWasserstein(x, y, D),
  slicedWasserstein: (x, y) => slicedWasserstein(x, y, D),
  precisionRecall: (x, y) => precisionRecall(Float32Array.from(x), Float32Array.from(y), D),
};

/** An answer, or an error of ours in one line; anything else is thrown on. */
async function answered(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError && !error.message.includes('\n')) return 'refused';
    throw error;
  }
}

test.each(Object.entries(ofChains))('%s answers or refuses wild draws', async (_, statistic) => {
  await fc.assert(
    fc.asyncProperty(drawsOf(wild), async (draws) => {
      const said = await answered(() => statistic(draws));
      const allFinite = (draws.data as Float64Array).every(Number.isFinite);
      // One value that is not finite is never averaged away.
      if (!allFinite) expect(said).toBe('refused');
    }),
    { numRuns: 60 },
  );
});

test.each(Object.entries(ofSamples))('%s answers or refuses wild samples', async (_, statistic) => {
  const samples = fc.tuple(drawsOf(wild), drawsOf(wild));
  await fc.assert(
    fc.asyncProperty(samples, async ([x, y]) => {
      await answered(() => statistic(x.data as Float64Array, y.data as Float64Array));
    }),
    { numRuns: 40 },
  );
});

test('effective samples are at least 0 and moments no NaN, for all finite draws', () => {
  fc.assert(
    fc.property(drawsOf(finite), (draws) => {
      const { effectiveSampleSize: sizes, rHat: ratios } = diagnoseChains(draws);
      expect(sizes.every((size) => size >= 0)).toBe(true);
      expect(ratios.every((ratio) => ratio === null || ratio > 0)).toBe(true);
      expect([...chainMoments(draws).mean].every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
