import { describe, expect, test } from 'vitest';
import { chainNoise } from '../noise.ts';
import { order } from '../testing.ts';
import {
  chiSquare,
  logFactorialSum,
  mixtureCountTarget,
  type PoissonMixture,
  poissonProbability,
  posteriorMean,
  probability,
} from '../testing-counts.ts';
import { tauLeap } from './tau-leap.ts';

const mixture: PoissonMixture = { rate: 2, weights: [0.4, 0.6], points: [[0.6], [3]] };
const side = 32;
const p = Float64Array.from({ length: side }, (_, y) => probability(mixture, [y]));

/** The transition matrix of the docstring on {0..side − 1}: survivors plus arrivals. */
function transitions(tau: number, of: PoissonMixture): Float64Array[] {
  const keep = Math.exp(-tau);
  return Array.from({ length: side }, (_, y) => {
    const arrivals = (1 - keep) * of.rate * posteriorMean(of, [y])[0]!;
    const row = new Float64Array(side);
    for (let s = 0; s <= y; s++) {
      const choices = logFactorialSum(y) - logFactorialSum(s) - logFactorialSum(y - s);
      const survive = Math.exp(choices + s * Math.log(keep) + (y - s) * Math.log(1 - keep));
      for (let b = 0; s + b < side; b++) {
        row[s + b]! += survive * poissonProbability(b, arrivals);
      }
    }
    return row;
  });
}

function after(law: Float64Array, rows: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(side);
  rows.forEach((row, y) => {
    for (let z = 0; z < side; z++) out[z]! += law[y]! * row[z]!;
  });
  return out;
}

/** The stationary law, by steps until it stands. */
function stationary(tau: number, of = mixture): Float64Array {
  const rows = transitions(tau, of);
  let law: Float64Array = Float64Array.from(p);
  for (let k = 0; k < 60 / tau; k++) law = after(law, rows);
  const total = law.reduce((sum, value) => sum + value, 0);
  return law.map((value) => value / total);
}

function totalVariation(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!) / 2, 0);
}

async function walked(tau: number, steps: number, chains: number): Promise<Float64Array> {
  const parameters = { stepSize: tau, friction: 0, inverseMass: 1 };
  const walk = tauLeap.start(mixtureCountTarget(mixture), parameters, chainNoise(5, chains));
  const state = await walk.init(new Float32Array(chains).fill(4));
  for (let k = 0; k < steps; k++) await walk.step(state);
  const counts = new Float64Array(side);
  for (const y of state.position) counts[y]! += 1;
  return counts;
}

describe('tau-leap', () => {
  test.each([0.2, 1, 5])('one leap of τ = %f has the law of its docstring', async (tau) => {
    const start = new Float64Array(side);
    start[4] = 1;
    // Three tests at 4.5 standard deviations of χ².
    const counts = await walked(tau, 1, 40_000);
    expect(chiSquare(counts, after(start, transitions(tau, mixture)))).toBeLessThan(4.5);
  });

  test('walks to the stationary law of its own transition matrix, not to p, at a long leap', async () => {
    const counts = await walked(1, 40, 40_000);
    expect(chiSquare(counts, stationary(1))).toBeLessThan(4.5);
    expect(chiSquare(counts, p)).toBeGreaterThan(10);
  });

  test('the bias is of first order in τ', () => {
    const error = [0.1, 0.05, 0.025].map((tau) => totalVariation(stationary(tau), p));
    expect(error[0]).toBeLessThan(0.05);
    expect(order(error[0]!, error[1]!)).toBeCloseTo(1, 1);
    expect(order(error[1]!, error[2]!)).toBeCloseTo(1, 1);
  });

  test('where x is known Poisson(λx) is kept exactly at any τ', () => {
    const known = { rate: 2, weights: [1], points: [[1.7]] };
    const exact = Float64Array.from({ length: side }, (_, y) => probability(known, [y]));
    for (const tau of [0.1, 2, 20]) {
      expect(totalVariation(stationary(tau, known), exact)).toBeLessThan(1e-13);
    }
  });

  test('chains are the same to the bit in any batch; a copied state goes on the same', async () => {
    const parameters = { stepSize: 0.7, friction: 0, inverseMass: 1 };
    const from = Float32Array.from({ length: 9 }, (_, i) => (5 * i) % 7);
    const begin = (chains: number, first: number) =>
      tauLeap.start(mixtureCountTarget(mixture), parameters, chainNoise(3, chains, first));
    const [whole, part] = [begin(9, 0), begin(4, 2)];
    const [a, b] = [await whole.init(from), await part.init(from.slice(2, 6))];
    for (let k = 0; k < 8; k++) {
      await whole.step(a);
      await part.step(b);
    }
    expect(b.position).toEqual(a.position.slice(2, 6));
    const copy = structuredClone(b);
    await part.step(b);
    await begin(4, 2).step(copy);
    expect(copy).toEqual(b);
  });

  test('bad input: one line each', async () => {
    const parameters = { stepSize: 0, friction: 0, inverseMass: 1 };
    const noise = chainNoise(1, 1);
    expect(() => tauLeap.start(mixtureCountTarget(mixture), parameters, noise)).toThrow(
      /^stepSize: 0 is/,
    );
    const good = { ...parameters, stepSize: 1 };
    const walk = tauLeap.start(mixtureCountTarget(mixture), good, noise);
    await expect(walk.init(Float32Array.of(1.5))).rejects.toThrow(/^initial: 1.5 at chain 0/);
  });
});
