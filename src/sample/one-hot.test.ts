/**
 * Walk, jump, argmax on a small set of sequences, whose denoiser is known: ν of the points of the
 * set. Any two sequences differ in three places, √6 = 4.9 σ apart, so that argmax tells them apart.
 */
import { expect, test } from 'vitest';
import { sequencesOf, writeOneHot } from '../data/index.ts';
import { empirical, exactDenoiser, sampleSmoothed } from '../density/index.ts';
import { randomKey } from '../random.ts';
import { walkJump } from './walk-jump.ts';

const alphabet = { letters: 'ACG', gap: false };
/** Sequences, and how often each stands in the set. */
const counts = { AAA: 4, CCC: 2, GGG: 1 };
const [LETTERS, LENGTH, SIGMA] = [3, 3, 0.5] as const;

const set = Object.entries(counts).flatMap(([text, count]) => new Array<string>(count).fill(text));
const points = new Float32Array(set.length * LETTERS * LENGTH);
set.forEach((text, n) => {
  const codes = Uint8Array.from(text, (letter) => alphabet.letters.indexOf(letter));
  writeOneHot(codes, LETTERS, points, n * LETTERS * LENGTH);
});
const density = empirical(points, LETTERS * LENGTH);
const denoiser = exactDenoiser(density, SIGMA);

const names = ['AAA', 'CCC', 'GGG'] as const;

/** How many of the sequences are each of the set's, and how many are none of them. */
function tally(sequences: readonly string[]): number[] {
  const found = names.map((name) => sequences.filter((text) => text === name).length);
  return [...found, sequences.length - found.reduce((a, b) => a + b)];
}

const CHAINS = 1000;

test.each([
  ['M = 1', { measurements: 1, steps: 600 }],
  ['M = 2', { measurements: 2, steps: 900 }],
])('recovers how often each sequence stands in the set: %s', async (_, options) => {
  // What argmax ν says of exact draws of ȳ: the law that the walk is to have, and nearly the set's.
  const draws = 100_000;
  const { ybar } = sampleSmoothed(density, SIGMA, randomKey(3), draws);
  const estimates = new Float32Array(ybar.length);
  await denoiser.denoise(Float32Array.from(ybar), estimates);
  const exact = tally(sequencesOf(estimates, LENGTH, alphabet)).map((n) => n / draws);
  [4 / 7, 2 / 7, 1 / 7, 0].forEach((share, i) => {
    expect(Math.abs(exact[i]! - share)).toBeLessThan(0.02);
  });

  // MALA has no bias of its step; one jump of each chain, so draws are independent.
  const walk = { kernel: 'mala', stepSize: 0.9, chains: CHAINS, seed: 8, ...options } as const;
  let found: string[] = [];
  for await (const { xhat } of walkJump(denoiser, { ...walk, jumpEvery: walk.steps })) {
    found = sequencesOf(xhat, LENGTH, alphabet);
  }
  expect(found).toHaveLength(CHAINS);
  // Pearson's χ² of two degrees of freedom passes 24 once in 160,000 times; the draws' own error is
  // a hundredth of the variance.
  const chiSquared = tally(found).reduce((sum, count, i) => {
    const expected = CHAINS * exact[i]!;
    return expected === 0 ? sum + count : sum + (count - expected) ** 2 / expected;
  }, 0);
  expect(chiSquared).toBeLessThan(24);
});
