import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../../random.ts';
import type { KernelParameters, Target } from '../kernel.ts';
import { type ChainNoise, chainNoise } from '../noise.ts';
import { mixtureDeparture } from '../testing.ts';
import { sachs } from './sachs.ts';

/** Independent Gaussians of the given variances, mean 0. */
function gaussian(variances: readonly number[]): Target {
  const d = variances.length;
  return {
    dimension: d,
    async score(y, out) {
      for (let i = 0; i < y.length; i++) out[i] = -y[i]! / variances[i % d]!;
    },
  };
}

const silent: ChainNoise = { chains: 1, normal: (_, __, out) => out.fill(0), uniform: () => {} };

describe('sachs', () => {
  test('agrees with the formulas of its docstring, one number at a time in double precision', async () => {
    const [chains, d, steps] = [3, 2, 25];
    const { stepSize, friction, inverseMass } = { stepSize: 0.3, friction: 1.7, inverseMass: 0.6 };
    // A target that is not Gaussian: ψ(y) = −y³.
    const target: Target = {
      dimension: d,
      async score(y, out) {
        for (let i = 0; i < y.length; i++) out[i] = -(y[i]! ** 3);
      },
    };
    const xi = Array.from({ length: steps }, (_, k) => {
      const draw = new Float32Array(chains * d);
      fillNormal(randomKey(1), k, draw);
      return draw;
    });
    const noise: ChainNoise = {
      chains,
      normal: (_, counter, out) => out.set(xi[counter]!),
      uniform: () => {},
    };
    const start = Float32Array.of(0.1, -0.4, 1, 0.7, -1.2, 0);
    const walk = sachs.start(target, { stepSize, friction, inverseMass }, noise);
    const state = await walk.init(start);
    for (let k = 0; k < steps; k++) await walk.step(state);

    start.forEach((position, i) => {
      let y = position;
      let v = Math.sqrt(inverseMass) * xi[0]![i]!;
      for (let k = 0; k < steps; k++) {
        y += (stepSize * v) / 2;
        v += (inverseMass * stepSize * -(y ** 3)) / 2;
        v =
          Math.exp(-friction * stepSize) * v +
          Math.sqrt(inverseMass * (1 - Math.exp(-2 * friction * stepSize))) * xi[k]![i]!;
        v += (inverseMass * stepSize * -(y ** 3)) / 2;
        y += (stepSize * v) / 2;
      }
      // float32 states against doubles, 25 steps of a contracting walk.
      expect(state.position[i]).toBeCloseTo(y, 5);
      expect(state.velocity[i]).toBeCloseTo(v, 5);
    });
    expect(state.step).toBe(steps);
  });

  test('stationary covariance on Gaussians is that of its own recursion, bias included', async () => {
    const variances = [1, 0.3, 4];
    const parameters = { stepSize: 0.9, friction: 0.8, inverseMass: 0.7 };
    const chains = 20_000;
    const walk = sachs.start(gaussian(variances), parameters, chainNoise(12, chains));
    // From N(0, I) the slowest of the three, of variance 4, forgets by e^{−γδ/2} a step: 4e-10 in
    // 60.
    const start = new Float32Array(chains * 3);
    fillNormal(randomKey(55), 0, start);
    const state = await walk.init(start);
    for (let k = 0; k < 60; k++) await walk.step(state);
    variances.forEach((variance, i) => {
      const exact = stationary(variance, parameters);
      const moments = [0, 0, 0];
      for (let c = 0; c < chains; c++) {
        const y = state.position[c * 3 + i]!;
        const v = state.velocity[c * 3 + i]!;
        moments[0]! += (y * y) / chains;
        moments[1]! += (y * v) / chains;
        moments[2]! += (v * v) / chains;
      }
      const [yy, yv, vv] = exact;
      const errors = [yy * yy * 2, yy * vv + yv * yv, vv * vv * 2].map((x) =>
        Math.sqrt(x / chains),
      );
      // Nine comparisons at 4.5 standard errors: passed by chance once in 16,000 seeds.
      moments.forEach((moment, m) => {
        expect(Math.abs(moment - exact[m]!)).toBeLessThan(4.5 * errors[m]!);
      });
      // The closed form of that solution: positions without bias, velocities too fast.
      const { stepSize, inverseMass } = parameters;
      expect(yy).toBeCloseTo(variance, 12);
      expect(vv).toBeCloseTo(
        inverseMass / (1 - (inverseMass * stepSize ** 2) / (4 * variance)),
        12,
      );
      // The smallest variance makes that bias visible: u itself would not pass as E v².
      if (variance === 0.3) expect(vv - inverseMass).toBeGreaterThan(20 * errors[2]!);
    });
  });

  test('at zero friction it is reversible', async () => {
    const target = gaussian([1, 0.5]);
    const walk = sachs.start(target, { stepSize: 0.2, friction: 0, inverseMass: 1 }, silent);
    const state = await walk.init(Float32Array.of(0.5, -1));
    state.velocity.set([1, 0.25]);
    for (let k = 0; k < 100; k++) await walk.step(state);
    expect(Math.abs(state.position[0]! - 0.5)).toBeGreaterThan(0.01);
    for (let i = 0; i < 2; i++) state.velocity[i]! *= -1;
    for (let k = 0; k < 100; k++) await walk.step(state);
    expect(state.position[0]).toBeCloseTo(0.5, 4);
    expect(state.position[1]).toBeCloseTo(-1, 4);
    expect(state.velocity[0]).toBeCloseTo(-1, 4);
  });

  test('at zero friction the energy error is of order δ²', async () => {
    const worst = await Promise.all([0.2, 0.1, 0.05].map(energyError));
    expect(worst[0]! / worst[1]!).toBeGreaterThan(3.6);
    expect(worst[0]! / worst[1]!).toBeLessThan(4.4);
    expect(worst[1]! / worst[2]!).toBeGreaterThan(3.6);
    expect(worst[1]! / worst[2]!).toBeLessThan(4.4);
  });

  test('keeps a mixture within standard errors at a small step, and not at a large one', async () => {
    // Five statistics at 4 standard errors: failed by chance once in 3,000 seeds.
    const size = { chains: 20_000, steps: 40, seed: 4 };
    const small = { stepSize: 0.15, friction: 1.5, inverseMass: 1 };
    expect(await mixtureDeparture(sachs, small, size)).toBeLessThan(4);
    expect(await mixtureDeparture(sachs, { ...small, stepSize: 1.15 }, size)).toBeGreaterThan(6);
  });
});

/** Largest departure of y²/2 + v²/2 from its start over time 10. */
async function energyError(stepSize: number): Promise<number> {
  const walk = sachs.start(gaussian([1]), { stepSize, friction: 0, inverseMass: 1 }, silent);
  const state = await walk.init(Float32Array.of(1.5));
  state.velocity[0] = 0.5;
  const energy = () => (state.position[0]! ** 2 + state.velocity[0]! ** 2) / 2;
  const start = energy();
  let worst = 0;
  for (let time = 0; time < 10; time += stepSize) {
    await walk.step(state);
    worst = Math.max(worst, Math.abs(energy() - start));
  }
  return worst;
}

/**
 * [E y², E yv, E v²] of the kernel's own stationary law on N(0, variance). One step is linear,
 * z' = R z + G ξ with z = (y, v), so Σ = R Σ Rᵀ + G Gᵀ: three linear equations, solved.
 */
function stationary(
  variance: number,
  { stepSize, friction, inverseMass }: KernelParameters,
): readonly [number, number, number] {
  const keep = Math.exp(-friction * stepSize);
  const kick = Math.sqrt(inverseMass * (1 - keep * keep));
  const push = (inverseMass * stepSize) / 2 / variance;
  const column = (y: number, v: number, xi: number): readonly [number, number] => {
    const middle = y + (stepSize * v) / 2;
    const velocity = keep * (v - push * middle) + kick * xi - push * middle;
    return [middle + (stepSize * velocity) / 2, velocity];
  };
  const [a, c] = column(1, 0, 0);
  const [b, d] = column(0, 1, 0);
  const [g, h] = column(0, 0, 1);
  return solve3(
    [
      [1 - a * a, -2 * a * b, -b * b],
      [-a * c, 1 - a * d - b * c, -b * d],
      [-c * c, -2 * c * d, 1 - d * d],
    ],
    [g * g, g * h, h * h],
  );
}

/** Cramer's rule. */
function solve3(
  rows: readonly (readonly [number, number, number])[],
  right: readonly [number, number, number],
): readonly [number, number, number] {
  const determinant = (m: readonly (readonly number[])[]) =>
    m[0]![0]! * (m[1]![1]! * m[2]![2]! - m[1]![2]! * m[2]![1]!) -
    m[0]![1]! * (m[1]![0]! * m[2]![2]! - m[1]![2]! * m[2]![0]!) +
    m[0]![2]! * (m[1]![0]! * m[2]![1]! - m[1]![1]! * m[2]![0]!);
  const whole = determinant(rows);
  const part = (k: number) =>
    determinant(rows.map((row, i) => row.map((value, j) => (j === k ? right[i]! : value)))) / whole;
  return [part(0), part(1), part(2)];
}
