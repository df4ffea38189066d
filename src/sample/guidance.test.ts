/** Walks of steered densities against their exact laws. */
import { describe, expect, test } from 'vitest';
import {
  classifierFree,
  type Denoiser,
  exactDenoiser,
  exactFamily,
  type Guide,
  gaussian,
  guided,
  guidedFamily,
  mixture,
  observationGuide,
} from '../density/index.ts';
import { UserError } from '../errors.ts';
import { collect } from './collect.ts';
import { walkJump } from './walk-jump.ts';

const [tau, sigma] = [1.2, 0.5];
/** Variance of ȳ. */
const total = tau ** 2 + sigma ** 2;
/** ∂ν/∂ȳ. */
const gain = tau ** 2 / total;
const normal = exactDenoiser(gaussian([0], [[tau ** 2]]), sigma);
const chains = 4000;

/** −(a − b)²/(2s²). */
const pull = (b: number, s: number, of: 'ybar' | 'xhat'): Guide => ({
  of,
  async gradient(at, out) {
    for (let i = 0; i < at.length; i++) out[i] = (b - at[i]!) / s ** 2;
  },
  async value(at, out) {
    for (let i = 0; i < at.length; i++) out[i] = -((at[i]! - b) ** 2) / (2 * s ** 2);
  },
});

async function lawOf(denoiser: Denoiser, options: object = {}) {
  const { ybar, data } = await collect(
    walkJump(denoiser, {
      chains,
      steps: 60,
      jumpEvery: 60,
      stepSize: 0.8,
      friction: 0.4,
      seed: 3,
      ...options,
    }),
  );
  const mean = ybar.reduce((sum, value) => sum + value / chains, 0);
  const variance = ybar.reduce((sum, value) => sum + (value - mean) ** 2 / chains, 0);
  return { mean, variance, ybar, data };
}

function expectLaw(found: { mean: number; variance: number }, mean: number, variance: number) {
  // Two comparisons at 4.5 standard errors; sachs has no bias in positions of a Gaussian.
  expect(Math.abs(found.mean - mean)).toBeLessThan(4.5 * Math.sqrt(variance / chains));
  expect(Math.abs(found.variance - variance)).toBeLessThan(4.5 * variance * Math.sqrt(2 / chains));
}

describe('on a Gaussian the law is known', () => {
  test.each([1, 4])('a guide of ȳ, M = %i', async (measurements) => {
    const denoiser = guided(normal, { guides: [pull(2, 0.7, 'ybar')] });
    const precision = 1 / total + 1 / 0.49;
    const law = await lawOf(denoiser, { measurements });
    expectLaw(law, 2 / 0.49 / precision, 1 / precision);
    // The jump is of the steered density too: z + σ̃²∇ log.
    const z = law.ybar[0]!;
    const score = -z / total + (2 - z) / 0.49;
    expect(law.data[0]).toBeCloseTo(z + sigma ** 2 * score, 4);
  });

  test('a guide of x̂, by the symmetry of the Jacobian', async () => {
    const denoiser = guided(normal, { guides: [pull(1.5, 0.6, 'xhat')] });
    const precision = 1 / total + gain ** 2 / 0.36;
    expectLaw(await lawOf(denoiser), (gain * 1.5) / 0.36 / precision, 1 / precision);
  });

  test('several guides with weights, one against another', async () => {
    const guides = [
      { ...pull(2, 1, 'ybar'), weight: 0.5 },
      { ...pull(-3, 1, 'xhat'), weight: 2 },
    ];
    const precision = 1 / total + 0.5 + 2 * gain ** 2;
    expectLaw(await lawOf(guided(normal, { guides })), (1 - 6 * gain) / precision, 1 / precision);
  });

  test.each([0.5, 3])('inverse temperature %f', async (inverseTemperature) => {
    const law = await lawOf(guided(normal, { inverseTemperature }), { stepSize: 0.5 });
    expectLaw(law, 0, total / inverseTemperature);
  });

  test('an observation: the posterior where s holds what x̂ does not know', async () => {
    // b = 2x + 0.3 ε. Given ȳ, b is N(2x̂, 0.09 + 4 Var(x|ȳ)), Var(x|ȳ) = gain·σ̃².
    const noise = Math.sqrt(0.09 + 4 * gain * sigma ** 2);
    const guide = observationGuide({
      dimension: 1,
      apply: (x, out) => out.set([2 * x[0]!]),
      adjoint: (r, out) => out.set([2 * r[0]!]),
      values: Float32Array.of(2.4),
      noise,
    });
    // x given b is normal; ȳ adds its noise.
    const given = 1 / (1 / tau ** 2 + 4 / 0.09);
    const mean = (given * 2 * 2.4) / 0.09;
    expectLaw(await lawOf(guided(normal, { guides: [guide] })), mean, given + sigma ** 2);
  });

  test('by mala, with values of guides', async () => {
    const denoiser = guided(normal, { guides: [pull(2, 0.7, 'xhat')], inverseTemperature: 2 });
    const precision = 2 / total + gain ** 2 / 0.49;
    const law = await lawOf(denoiser, { kernel: 'mala', steps: 200, jumpEvery: 200 });
    expectLaw(law, (gain * 2) / 0.49 / precision, 1 / precision);
    const blind = guided(normal, { guides: [{ gradient: pull(2, 0.7, 'ybar').gradient }] });
    expect(blind.logDensity).toBeUndefined();
  });
});

describe('on a mixture', () => {
  const pair = mixture({
    weights: [0.5, 0.5],
    means: [[-1.5], [1.5]],
    covariances: [[[0.2]], [[0.3]]],
  });
  const [left, both] = [gaussian([-1.5], [[0.2]]), exactDenoiser(pair, 0.6)];

  test('classifier-free guidance: p_c^w p_u^{1−w}, by quadrature', async () => {
    const conditional = exactDenoiser(left, 0.6);
    const weight = 2;
    const denoiser = classifierFree(conditional, both, weight);
    const law = await lawOf(denoiser, { stepSize: 0.4, steps: 120, jumpEvery: 120 });
    const [c, u] = [left.smooth(0.6), pair.smooth(0.6)];
    let [mass, first, second] = [0, 0, 0];
    for (let z = -8; z < 6; z += 1e-3) {
      const [a, b] = [new Float64Array(1), new Float64Array(1)];
      c.logDensity(Float64Array.of(z), a);
      u.logDensity(Float64Array.of(z), b);
      const p = Math.exp(weight * a[0]! + (1 - weight) * b[0]!);
      mass += p;
      first += p * z;
      second += p * z * z;
    }
    const mean = first / mass;
    expectLaw(law, mean, second / mass - mean ** 2);
    // w = 1 is the conditional density itself, up to rounding.
    const [one, own] = [new Float32Array(3), new Float32Array(3)];
    const z = Float32Array.of(-2, 0, 1);
    await classifierFree(conditional, both, 1).denoise(z, one);
    await conditional.denoise(z, own);
    own.forEach((value, i) => {
      expect(one[i]).toBeCloseTo(value, 5);
    });
  });

  test('a classifier picks its component: e^{log r(ȳ)} p is the component', async () => {
    const component = left.smooth(0.6);
    const all = pair.smooth(0.6);
    const classifier: Guide = {
      async gradient(at, out) {
        const other = new Float64Array(at.length);
        component.score(at, out);
        all.score(at, other);
        for (let i = 0; i < out.length; i++) out[i]! -= other[i]!;
      },
    };
    const law = await lawOf(guided(both, { guides: [classifier] }), { stepSize: 0.8 });
    expectLaw(law, -1.5, 0.2 + 0.36);
  });
});

test('a clip shortens scores that are too long, and no others', async () => {
  const clipped = guided(normal, { clip: 1 });
  const z = Float32Array.of(-9, 0.5);
  const out = new Float32Array(2);
  await clipped.denoise(z, out);
  expect(out[0]).toBeCloseTo(-9 + sigma ** 2, 5);
  expect(out[1]).toBeCloseTo(0.5 - (sigma ** 2 * 0.5) / total, 6);
  expect(clipped.logDensity).toBeUndefined();
});

test('a family is steered at every level, and walks one measurement after another', async () => {
  const family = guidedFamily(exactFamily(gaussian([0], [[1]])), { inverseTemperature: 2 });
  const out = new Float32Array(1);
  await family.at(1).denoise(Float32Array.of(3), out);
  expect(out[0]).toBeCloseTo(3 - 2 * 1.5, 6);
  const options = { walk: 'sequential', effectiveSigma: 0.5, chains: 2, steps: 4, jumpEvery: 4 };
  expect((await collect(walkJump(family, options as never))).shape).toEqual([2, 1, 1]);
});

describe('refused', () => {
  const silent: Guide = { gradient: async (_, out) => void out.fill(0) };
  test.each([
    ['β of 0', () => guided(normal, { inverseTemperature: 0 }), { option: 'inverseTemperature' }],
    ['a clip below 0', () => guided(normal, { clip: -1 }), { option: 'clip' }],
    [
      'a weight that is none',
      () => guided(normal, { guides: [{ ...silent, weight: Number.NaN }] }),
      { option: 'guides[0].weight' },
    ],
    [
      'no gradient',
      () => guided(normal, { guides: [{} as Guide] }),
      { option: 'guides', index: 0 },
    ],
    [
      'a model of all measurements',
      () => guided({ ...normal, stacked: 3 }, {}),
      { option: 'guides', stacked: 3 },
    ],
    [
      'two classes',
      () => classifierFree(normal, exactDenoiser(gaussian([0], [[1]]), 0.6), 2),
      { option: 'unconditional' },
    ],
    [
      'an observation without noise',
      () =>
        observationGuide({
          dimension: 1,
          apply: () => {},
          adjoint: () => {},
          values: Float32Array.of(1),
          noise: 0,
        }),
      { option: 'noise' },
    ],
  ] as [string, () => unknown, object][])('%s', (_, call, facts) => {
    const error = (() => {
      try {
        return call();
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ facts });
  });

  test('a gradient that is NaN, where it arises', async () => {
    const broken: Guide = {
      async gradient(_, out) {
        out.fill(0);
        out[1] = Number.NaN;
      },
    };
    const walk = collect(walkJump(guided(normal, { guides: [broken] }), { chains: 2, steps: 1 }));
    await expect(walk).rejects.toMatchObject({
      facts: { option: 'guides', row: 1, coordinate: 0 },
    });
  });
});
