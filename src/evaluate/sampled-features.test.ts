import { deserialize, serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { type Denoiser, empirical, exactDenoiser, gaussian } from '../density/index.ts';
import { fillUniform, randomKey } from '../random.ts';
import { walkJump } from '../sample/index.ts';
import { anError } from '../testing-errors.ts';
import { type FeatureNetwork, pixelFeatures } from './feature-network.ts';
import { featureStatistics } from './feature-statistics.ts';
import { frechetDistance } from './frechet-distance.ts';
import {
  type SampledFeatures,
  type SamplingOptions,
  type SamplingProgress,
  sampleFeatures,
} from './sampled-features.ts';

const shape = [1, 2, 3];
const points = new Float32Array(7 * 6);
fillUniform(randomKey(3), 0, points);

/** ν of seven points, which any batch gives alike. */
const denoiser: Denoiser = { ...exactDenoiser(empirical(points, 6), 0.3), shape };

/** Pixels, and two logits made of them. */
const network: FeatureNetwork = {
  ...pixelFeatures(shape),
  classes: ['dark', 'light'],
  run: async (images) => {
    const logits = Float32Array.from({ length: images.length / 3 }, (_, i) => images[i * 3]!);
    return { features: images.slice(), logits };
  },
};

const walk = { chains: 5, measurements: 4, jumpEvery: 3, burnIn: 4, seed: 11 };
const options: SamplingOptions = { denoiser, network, walk, draws: 6, keep: 2 };
const numbersOf = ({ seconds, ...numbers }: SampledFeatures) => numbers;
const whole = sampleFeatures(options);

describe('sampled features', () => {
  test('are those of the jumps of a walk, as an image file holds them', async () => {
    const { features, logits, last, frames, scoreCalls, scoreCallsPerDraw } = await whole;
    expect(features.shape).toEqual([5, 6, 6]);
    expect(logits.shape).toEqual([5, 6, 2]);
    let t = 0;
    for await (const { xhat } of walkJump(denoiser, { ...walk, steps: 18 })) {
      const bytes = xhat.map((x) => Math.round(255 * Math.min(1, Math.max(0, x))) / 255);
      const made = await network.run(bytes);
      const row = (all: typeof features, width: number) =>
        Array.from({ length: 5 }, (_, chain) => {
          const at = (chain * 6 + t) * width;
          return [...all.data.subarray(at, at + width)];
        }).flat();
      expect(row(features, 6)).toEqual([...made.features]);
      expect(row(logits, 2)).toEqual([...made.logits]);
      expect(frames[t]).toEqual(bytes.slice(0, 2 * 6));
      if (++t === 6) expect(last).toEqual(bytes);
    }
    expect(t).toBe(6);
    // Sachs et al. take one call a step: 4 + 18 steps and 6 jumps.
    expect({ scoreCalls, scoreCallsPerDraw }).toEqual({ scoreCalls: 28, scoreCallsPerDraw: 4 });
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'go on from what was saved at draw %s to the same bits',
    async (draw) => {
      for (const copy of [structuredClone, <T>(x: T) => deserialize(serialize(x)) as T]) {
        let saved: SamplingProgress | undefined;
        const stopped = sampleFeatures({
          ...options,
          onDraw: async (progress) => {
            if (progress.draws.length !== draw) return;
            saved = copy(progress);
            throw new Error('killed');
          },
        });
        await expect(stopped).rejects.toThrow('killed');
        expect(numbersOf(await sampleFeatures({ ...options, from: saved }))).toEqual(
          numbersOf(await whole),
        );
      }
    },
  );

  test.each([5, 8, 9, 12, 14])(
    'go on from between two draws, as after Ctrl-C at step %s',
    async (last) => {
      const controller = new AbortController();
      let saved: SamplingProgress | undefined;
      const onProgress = ({ step }: { step: number }) => {
        if (step === last) controller.abort(new Error('Ctrl-C'));
      };
      const stopped = sampleFeatures({
        ...options,
        walk: { ...walk, signal: controller.signal, onProgress },
        onDraw: async (progress) => {
          saved = progress;
        },
      });
      await expect(stopped).rejects.toThrow('Ctrl-C');
      // The first jump is at step 7: before it there is nothing to save.
      expect(saved?.draws.length ?? 0).toBe(Math.max(0, Math.floor((last - 4) / 3)));
      if (saved) expect(saved.state.step).toBe(last);
      const from = saved && structuredClone(saved);
      expect(numbersOf(await sampleFeatures({ ...options, from }))).toEqual(numbersOf(await whole));
    },
  );

  test('are there at once where all was drawn', async () => {
    let saved: SamplingProgress | undefined;
    await sampleFeatures({
      ...options,
      onDraw: async (progress) => {
        saved = structuredClone(progress);
      },
    });
    const never: Denoiser = {
      ...denoiser,
      denoise: () => Promise.reject(new Error('was called')),
    };
    expect(numbersOf(await sampleFeatures({ ...options, denoiser: never, from: saved }))).toEqual(
      numbersOf(await whole),
    );
  });

  test('refuse no draws, and a walk that diverges', async () => {
    await expect(sampleFeatures({ ...options, draws: 0 })).rejects.toThrow(
      anError('invalid', { option: 'draws', value: 0, least: 1 }),
    );
    const exploding: Denoiser = {
      ...denoiser,
      denoise: async (z, out) => {
        for (let i = 0; i < z.length; i++) out[i] = 1e9 * z[i]!;
      },
    };
    await expect(sampleFeatures({ ...options, denoiser: exploding })).rejects.toThrow(
      anError('diverged', { chain: expect.any(Number), step: expect.any(Number) }),
    );
  });
});

/**
 * x ~ N(1/2, s²) in each of four pixels, s = σ̃ = 1/10, five deviations inside [0, 1]. A jump of an
 * exact walk is ν(ȳ) = 1/2 + (ȳ − 1/2) s²/(s² + σ̃²), of variance s⁴/(s² + σ̃²) = 1/200.
 */
describe('a perfect sampler of a Gaussian', () => {
  const [s, sigma, d] = [0.1, 0.1, 4] as const;
  const law = (variance: number, mean = 0.5) =>
    gaussian(
      new Array<number>(d).fill(mean),
      Array.from({ length: d }, (_, i) =>
        Array.from({ length: d }, (_, j) => (i === j ? variance : 0)),
      ),
    );
  const jump = Math.sqrt(s ** 4 / (s ** 2 + sigma ** 2));
  const exact: Denoiser = { ...exactDenoiser(law(s * s), sigma), shape: [1, 2, 2] };
  // A step of σ/10 leaves the law of ȳ within 1 %; 20 steps forget where a chain was.
  const drawn = sampleFeatures({
    denoiser: exact,
    network: pixelFeatures([1, 2, 2]),
    draws: 50,
    walk: { chains: 200, jumpEvery: 50, burnIn: 300, stepSize: 0.1, friction: 0.1, seed: 5 },
  }).then(({ features }) => featureStatistics(features.data as Float32Array, d));
  const distance = async (variance: number, mean?: number) => {
    const data = Float32Array.from(law(variance, mean).sample(randomKey(8), 10_000));
    return frechetDistance(await drawn, await featureStatistics(data, d));
  };

  // 10,000 draws on each side, half of them worth as much: deviations s/√5000 of a mean, s/√10000
  // of a deviation.
  test('has a distance near 0 to draws of the law of its jumps', async () => {
    // 4 · (2/5000 + 2/10000) · 1/200 is expected; at most five times that.
    expect(await distance(jump * jump)).toBeLessThan(6e-5);
  });

  test('has the distance d (s − s_jump)² to the data itself', async () => {
    const expected = d * (s - jump) ** 2;
    // Deviation: 2 · 0.029 · √4 · 0.1/√10000 on each side, 1.7e-4; five of them.
    expect(Math.abs((await distance(s * s)) - expected)).toBeLessThan(8e-4);
  });

  test('has the distance d h² more to data that is shifted by h', async () => {
    const expected = d * (s - jump) ** 2 + d * 0.1 ** 2;
    // Deviation: 2 · 0.1 · √4 · 0.1/√5000 on each side, 8e-4; five of them.
    expect(Math.abs((await distance(s * s, 0.6)) - expected)).toBeLessThan(4e-3);
  });
});
