import { describe, expect, test } from 'vitest';
import type { KernelParameters, Target } from '../kernel.ts';
import { type ChainNoise, chainNoise, stream } from '../noise.ts';
import {
  gaussian,
  gaussLegendre,
  gram,
  type LinearStep,
  measuredStep,
  mixtureDeparture,
  order,
  secondMoments,
  spectralRadius,
  stationaryCovariance,
  worstMoment,
} from '../testing.ts';
import { shenLee } from './shen-lee.ts';

const nodes = gaussLegendre(40);
const integrate = (t: number, f: (s: number) => number) =>
  nodes.reduce((sum, { at, weight }) => sum + t * weight * f(t * at), 0);

/**
 * Covariance of (P1, P2, V2) as integrals over one Brownian path B of [0, δ]:
 * P1 = c ∫_0^{t1} κ(t1 − s) dB, P2 = c ∫_0^δ κ(δ − s) dB, V2 = c ∫_0^δ e^{−γ(δ − s)} dB, c² = 2γu.
 */
function pathCovariance(parameters: KernelParameters, alpha: number): number[][] {
  const { stepSize, friction, inverseMass } = parameters;
  const t1 = alpha * stepSize;
  const reach = (t: number) => -Math.expm1(-friction * t) / friction;
  const rows: readonly ((s: number) => number)[] = [
    (s) => (s < t1 ? reach(t1 - s) : 0),
    (s) => reach(stepSize - s),
    (s) => Math.exp(-friction * (stepSize - s)),
  ];
  return rows.map((f) =>
    rows.map((g) => {
      const before = integrate(t1, (s) => f(s) * g(s));
      const after = integrate(stepSize - t1, (s) => f(t1 + s) * g(t1 + s));
      return 2 * friction * inverseMass * (before + after);
    }),
  );
}

/** The step of the docstring at one α, on N(0, variance): y_α first, then y' and v' from it. */
function recursionAt(
  variance: number,
  parameters: KernelParameters,
  alpha: number,
  weight = 1,
): LinearStep {
  const { stepSize, friction, inverseMass: u } = parameters;
  const reach = (t: number) => (1 - Math.exp(-friction * t)) / friction;
  const t1 = alpha * stepSize;
  const t2 = stepSize - t1;
  // Coefficients of (y, v, P1, P2, V2).
  const middle = [1 - ((u / friction) * (t1 - reach(t1))) / variance, reach(t1), 1, 0, 0];
  const position = ((u * stepSize) / friction) * (1 - Math.exp(-friction * t2));
  const velocity = u * stepSize * Math.exp(-friction * t2);
  const yRow = [1, reach(stepSize), 0, 1, 0].map((x, k) => x - (position / variance) * middle[k]!);
  const vRow = [0, Math.exp(-friction * stepSize), 0, 0, 1].map(
    (x, k) => x - (velocity / variance) * middle[k]!,
  );
  const joint = pathCovariance(parameters, alpha);
  const rows = [yRow, vRow];
  const noise = rows.map((a) =>
    rows.map((b) =>
      joint.reduce(
        (sum, line, i) =>
          sum + line.reduce((part, value, j) => part + a[2 + i]! * value * b[2 + j]!, 0),
        0,
      ),
    ),
  );
  return { weight, matrix: rows.map((row) => row.slice(0, 2)), noise };
}

/** The recursion with α uniform: one linear step for each node of a quadrature over α. */
function recursion(variance: number, parameters: KernelParameters): LinearStep[] {
  return gaussLegendre(16).map(({ at, weight }) => recursionAt(variance, parameters, at, weight));
}

const settings = [
  { stepSize: 0.5, friction: 1.2, inverseMass: 0.7 },
  { stepSize: 0.2, friction: 0.05, inverseMass: 2 },
  { stepSize: 1.5, friction: 3, inverseMass: 1 },
];

describe('shen-lee', () => {
  test.each(settings)(
    'P1, P2, V2 have the covariance of one Brownian path, %j',
    async (parameters) => {
      for (const alpha of [0.02, 0.37, 0.5, 0.93]) {
        const exact = pathCovariance(parameters, alpha);
        const found = await noiseCovariance(parameters, alpha);
        found.flat().forEach((value, k) => {
          const scale = Math.sqrt(exact[k % 3]![k % 3]! * exact[(k / 3) | 0]![(k / 3) | 0]!);
          // Roundings of a float32 state.
          expect(Math.abs(value - exact.flat()[k]!)).toBeLessThan(5e-7 * scale);
        });
      }
    },
  );

  test.each(settings)(
    'one step of the kernel is the recursion of the paper, %j',
    async (parameters) => {
      for (const alpha of [0.1, 0.5, 0.8]) {
        const found = await measuredStep(shenLee, 0.8, parameters, alpha);
        const exact = recursionAt(0.8, parameters, alpha);
        for (const part of ['matrix', 'noise'] as const) {
          found[part].flat().forEach((value, k) => {
            expect(value).toBeCloseTo(exact[part].flat()[k]!, 5);
          });
        }
      }
    },
  );

  test('stationary covariance on Gaussians is that of its own recursion, averaged over α', async () => {
    const variances = [1, 0.4, 3];
    const parameters = { stepSize: 0.9, friction: 1.2, inverseMass: 0.7 };
    const chains = 20_000;
    const walk = shenLee.start(gaussian(variances), parameters, chainNoise(77, chains));
    const state = await walk.init(new Float32Array(chains * 3));
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationaryCovariance(recursion(variance, parameters));
      const column = (of: Float32Array) => of.filter((_, at) => at % 3 === i);
      const columns = [column(state.position), column(state.velocity)];
      // Nine comparisons at 4.5 standard errors. A random α makes the law slightly heavier than
      // normal, which the standard error leaves out.
      expect(worstMoment(columns, exact)).toBeLessThan(4.5);
      const target = [
        [variance, 0],
        [0, parameters.inverseMass],
      ];
      if (variance === 0.4) expect(worstMoment(columns, target)).toBeGreaterThan(6);
    });
  });

  test('the bias of the covariance is of third order in δ', () => {
    const bias = (stepSize: number, i: number, j: number) =>
      stationaryCovariance(recursion(1, { stepSize, friction: 1, inverseMass: 1 }))[i]![j]! -
      (i === j ? 1 : 0);
    for (const [i, j] of [
      [0, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      expect(order(bias(0.1, i, j), bias(0.05, i, j))).toBeCloseTo(3, 1);
    }
  });

  test('is stable in mean square as far as its docstring says', () => {
    const radius = (stepSize: number) =>
      spectralRadius(
        secondMoments(recursion(1, { stepSize, friction: 0.5 / stepSize, inverseMass: 1 })),
      );
    expect(radius(1.56)).toBeLessThan(1);
    expect(radius(1.57)).toBeGreaterThan(1);
  });

  test('at zero friction it is the midpoint step, without noise', async () => {
    const parameters = { stepSize: 0.3, friction: 0, inverseMass: 0.8 };
    const noise: ChainNoise = { ...chainNoise(1, 1), uniform: (_, __, out) => out.fill(0.25) };
    const walk = shenLee.start(gaussian([2]), parameters, noise);
    const state = await walk.init(Float32Array.of(0.6));
    state.velocity[0] = -1.1;
    await walk.step(state);
    const time = 0.25 * 0.3;
    const middle = 0.6 - time * 1.1 - ((0.8 * time ** 2) / 2) * (0.6 / 2);
    const psi = -middle / 2;
    expect(state.position[0]).toBeCloseTo(0.6 - 0.3 * 1.1 + 0.8 * 0.3 * (0.3 - time) * psi, 6);
    expect(state.velocity[0]).toBeCloseTo(-1.1 + 0.8 * 0.3 * psi, 6);
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    const small = { stepSize: 0.15, friction: 1.5, inverseMass: 1 };
    // Five statistics at 4 standard errors: failed by chance once in 3,000 seeds.
    const size = { chains: 20_000, steps: 40, seed: 8 };
    expect(await mixtureDeparture(shenLee, small, size)).toBeLessThan(4);
    expect(await mixtureDeparture(shenLee, { ...small, stepSize: 1.1 }, size)).toBeGreaterThan(8);
  });
});

/** Covariance of (P1, P2, V2), measured on the kernel: no score, one unit of noise at a time. */
async function noiseCovariance(parameters: KernelParameters, alpha: number): Promise<number[][]> {
  const seen: Float32Array[] = [];
  const target: Target = {
    dimension: 1,
    async score(y, out) {
      seen.push(y.slice());
      out.fill(0);
    },
  };
  const noise: ChainNoise = {
    chains: 3,
    normal: (purpose, _, out) => {
      out.fill(0);
      if (purpose >= stream.step) out[purpose - stream.step] = 1;
    },
    uniform: (_, __, out) => out.fill(alpha),
  };
  const walk = shenLee.start(target, parameters, noise);
  const state = await walk.init(new Float32Array(3));
  await walk.step(state);
  const middle = seen[1]!;
  return gram(...[0, 1, 2].map((k) => [middle[k]!, state.position[k]!, state.velocity[k]!]));
}
