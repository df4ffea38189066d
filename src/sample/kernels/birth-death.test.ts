import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import type { CountTarget, KernelParameters } from '../kernel.ts';
import { type ChainNoise, chainNoise, stream } from '../noise.ts';
import {
  chiSquare,
  mixtureCountTarget,
  type PoissonMixture,
  posteriorMean,
  probability,
  twoPlaces,
} from '../testing-counts.ts';
import { birthDeath } from './birth-death.ts';

const parameters = (stepSize: number): KernelParameters => ({
  stepSize,
  friction: 0,
  inverseMass: 1,
});

/** Lattice {0..side − 1}², its p, and the generator's flow out of it applied to a law. */
function lattice(mixture: PoissonMixture, side: number) {
  const at = (a: number, b: number) => a * side + b;
  const p = new Float64Array(side * side);
  const births = new Float64Array(2 * side * side);
  for (let a = 0; a < side; a++) {
    for (let b = 0; b < side; b++) {
      p[at(a, b)] = probability(mixture, [a, b]);
      births.set(
        posteriorMean(mixture, [a, b]).map((x) => mixture.rate * x),
        2 * at(a, b),
      );
    }
  }
  /** d law/dt; births that leave the lattice are dropped. */
  function change(law: Float64Array): Float64Array {
    const out = new Float64Array(law.length);
    const move = (from: number, to: number, rate: number) => {
      out[from]! -= law[from]! * rate;
      out[to]! += law[from]! * rate;
    };
    for (let a = 0; a < side; a++) {
      for (let b = 0; b < side; b++) {
        const from = at(a, b);
        if (a > 0) move(from, at(a - 1, b), a);
        if (b > 0) move(from, at(a, b - 1), b);
        if (a + 1 < side) move(from, at(a + 1, b), births[2 * from]!);
        if (b + 1 < side) move(from, at(a, b + 1), births[2 * from + 1]!);
      }
    }
    return out;
  }
  return { at, p, change };
}

/** The law at a time from y = 0, by Runge–Kutta steps of 1/400. */
function lawAt(side: number, time: number, change: (law: Float64Array) => Float64Array) {
  let law = new Float64Array(side * side);
  law[0] = 1;
  const steps = Math.round(time * 400);
  const h = time / steps;
  const plus = (a: Float64Array, b: Float64Array, s: number) => a.map((x, i) => x + s * b[i]!);
  for (let k = 0; k < steps; k++) {
    const k1 = change(law);
    const k2 = change(plus(law, k1, h / 2));
    const k3 = change(plus(law, k2, h / 2));
    const k4 = change(plus(law, k3, h));
    law = law.map((x, i) => x + (h / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!));
  }
  return law;
}

async function walked(stepSize: number, steps: number, chains: number) {
  const walk = birthDeath.start(
    mixtureCountTarget(twoPlaces),
    parameters(stepSize),
    chainNoise(14, chains),
  );
  const state = await walk.init(new Float32Array(2 * chains));
  for (let k = 0; k < steps; k++) await walk.step(state);
  return state.position;
}

describe('birth-death', () => {
  test('detailed balance on the lattice, to rounding, for random mixtures', () => {
    const positive = fc.double({ min: 0.1, max: 4, noNaN: true });
    fc.assert(
      fc.property(positive, positive, positive, positive, positive, (rate, a, b, c, d) => {
        const mixture = {
          rate,
          weights: [0.3, 0.7],
          points: [
            [a, b],
            [c, d],
          ],
        };
        for (let i = 0; i < 9; i++) {
          for (let j = 0; j < 9; j++) {
            const births = posteriorMean(mixture, [i, j]).map(
              (x) => rate * x * probability(mixture, [i, j]),
            );
            const deaths = [
              (i + 1) * probability(mixture, [i + 1, j]),
              (j + 1) * probability(mixture, [i, j + 1]),
            ];
            births.forEach((flow, l) => {
              expect(Math.abs(flow / deaths[l]! - 1)).toBeLessThan(1e-13);
            });
          }
        }
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  test('its first event has the rates of its docstring', async () => {
    // Uniform numbers to order: the time of an event is −log(u)/total, its kind the cell of
    // u·total.
    const y = [3, 1];
    const births = posteriorMean(twoPlaces, y).map((x) => twoPlaces.rate * x);
    const rates = [births[0]!, 3, births[1]!, 1];
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    const results = [
      [4, 1],
      [2, 1],
      [3, 2],
      [3, 0],
    ];
    const first = async (time: number, which: number) => {
      const noise: ChainNoise = {
        ...chainNoise(0, 1),
        uniform: (_, __, out) => {
          out.fill(0.5);
          out[0] = time;
          out[2] = which;
          // The second event comes too late.
          out[4] = 1e-6;
        },
      };
      const walk = birthDeath.start(mixtureCountTarget(twoPlaces), parameters(1), noise);
      const state = await walk.init(Float32Array.from(y));
      const info = await walk.step(state);
      return { y: [...state.position], calls: info.scoreCalls };
    };
    let below = 0;
    for (let k = 0; k < 4; k++) {
      const soon = 0.999;
      expect((await first(soon, (below + 1e-5) / total)).y).toEqual(results[k]);
      expect((await first(soon, (below + rates[k]! - 1e-5) / total)).y).toEqual(results[k]);
      below += rates[k]!;
    }
    expect(await first(Math.exp(-total * 0.9999), 0.5)).toHaveProperty('calls', 2);
    expect(await first(Math.exp(-total * 1.0001), 0.5)).toEqual({ y, calls: 1 });
  });

  test('the law after a time is that of its generator, whatever the steps', async () => {
    const { at, change } = lattice(twoPlaces, 16);
    const exact = lawAt(16, 0.6, change);
    for (const steps of [1, 3]) {
      const position = await walked(0.6 / steps, steps, 20_000);
      const counts = new Float64Array(16 * 16);
      for (let i = 0; i < position.length; i += 2) {
        counts[at(position[i]!, position[i + 1]!)]! += 1;
      }
      // Two tests at 4.5 standard deviations of χ².
      expect(chiSquare(counts, exact)).toBeLessThan(4.5);
    }
  });

  test('its stationary law is p, by enumeration and by walking', async () => {
    const side = 24;
    const { at, p, change } = lattice(twoPlaces, side);
    for (const rate of change(p)) expect(Math.abs(rate)).toBeLessThan(1e-15);
    const position = await walked(4, 4, 10_000);
    const counts = new Float64Array(side * side);
    for (let i = 0; i < position.length; i += 2) counts[at(position[i]!, position[i + 1]!)]! += 1;
    expect(chiSquare(counts, p)).toBeLessThan(4.5);
    // The law of the nearer component alone would not pass.
    const other = lattice({ ...twoPlaces, weights: [0.5, 0.5] }, side).p;
    expect(chiSquare(counts, other)).toBeGreaterThan(10);
  }, 60_000);

  test('chains are the same to the bit in any batch; a copied state goes on the same', async () => {
    const run = async (chains: number, firstChain: number, from: Float32Array, steps: number) => {
      const noise = chainNoise(3, chains, firstChain);
      const walk = birthDeath.start(mixtureCountTarget(twoPlaces), parameters(2.5), noise);
      const state = await walk.init(from);
      for (let k = 0; k < steps; k++) await walk.step(state);
      return { walk, state };
    };
    const from = Float32Array.from({ length: 18 }, (_, i) => (5 * i) % 7);
    const whole = await run(9, 0, from, 6);
    const part = await run(4, 2, from.slice(4, 12), 6);
    expect(part.state.position).toEqual(whole.state.position.slice(4, 12));
    const copy = structuredClone(part.state);
    await part.walk.step(part.state);
    const again = birthDeath.start(
      mixtureCountTarget(twoPlaces),
      parameters(2.5),
      chainNoise(3, 4, 2),
    );
    await again.step(copy);
    expect(copy).toEqual(part.state);
  });

  test('bad input: one line each', async () => {
    const good = mixtureCountTarget(twoPlaces);
    const noise = chainNoise(1, 1);
    expect(() => birthDeath.start({ ...good, rate: 0 }, parameters(1), noise)).toThrow(
      /^rate: 0 is out of range; give a finite number above 0$/,
    );
    expect(() => birthDeath.start(good, parameters(Number.NaN), noise)).toThrow(/^stepSize: NaN/);
    const walk = birthDeath.start(good, parameters(1), noise);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 25]) {
      const run = walk.init(Float32Array.of(1, bad));
      await expect(run).rejects.toThrow(/^initial: .* at chain 0 is not a count; [^\n]+$/);
      await expect(run).rejects.toBeInstanceOf(UserError);
    }
    const broken: CountTarget = { ...good, estimate: async (_, out) => void out.fill(Number.NaN) };
    const stuck = birthDeath.start(broken, parameters(1), noise);
    await expect(stuck.step(await stuck.init(Float32Array.of(1, 1)))).rejects.toThrow(
      /^chain 0 of this batch, step 0: the estimate of x is NaN; check the estimator$/,
    );
  });
});

test('streams of later events do not meet the residuals of mean walks', () => {
  expect(stream.residual).toBeGreaterThan(2 ** 32);
});
