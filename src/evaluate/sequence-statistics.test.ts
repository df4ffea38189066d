import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anError } from '../testing-errors.ts';
import { sequenceStatistics } from './sequence-statistics.ts';

/** Edit distance by the whole table (Wagner & Fischer 1974). */
function byTable(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}

const sequence = fc.string({ unit: fc.constantFrom('A', 'C', 'G'), maxLength: 40 });

describe('sequenceStatistics', () => {
  test('of five samples, by hand', async () => {
    const samples = ['ACGT', 'ACGT', 'ACG', 'TTTT', ''];
    const training = ['ACGT', 'TTAT'];
    expect(await sequenceStatistics(samples, { training })).toEqual({
      count: 5,
      unique: 4 / 5,
      valid: 4 / 5,
      training: {
        count: 2,
        copies: 2 / 5,
        // 0, 0, 1, 1 and 4.
        editDistance: { samples: 5, least: 0, median: 1, mean: 6 / 5 },
        letterDivergence: expect.closeTo(divergence([3, 3, 3, 6], [2, 1, 1, 4]), 12),
      },
    });
    const isValid = (text: string) => text.startsWith('A');
    expect(await sequenceStatistics(samples, { isValid })).toEqual({
      count: 5,
      unique: 4 / 5,
      valid: 3 / 5,
    });
  });

  /**
   * Entropy of the mixture less the mean entropy: the other form of Jensen & Shannon's divergence.
   */
  function divergence(p: readonly number[], q: readonly number[]): number {
    const normal = (counts: readonly number[]) => {
      const total = counts.reduce((a, b) => a + b);
      return counts.map((count) => count / total);
    };
    const entropy = (shares: readonly number[]) =>
      -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
    const [a, b] = [normal(p), normal(q)];
    const middle = a.map((share, i) => (share + b[i]!) / 2);
    return entropy(middle) - (entropy(a) + entropy(b)) / 2;
  }

  test('letters are 0 bits apart where they are as frequent, 1 where none is shared', async () => {
    const bits = async (samples: string[], training: string[]) =>
      (await sequenceStatistics(samples, { training })).training!.letterDivergence;
    expect(await bits(['ACCA'], ['AC', 'CA'])).toBe(0);
    expect(await bits(['AC'], ['GT'])).toBeCloseTo(1, 12);
    expect(await bits([''], ['GT'])).toBe(1);
  });

  test('distances are those of the whole table to the nearest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sequence, { minLength: 1, maxLength: 6 }),
        fc.array(sequence, { minLength: 1, maxLength: 6 }),
        async (samples, training) => {
          const { editDistance } = (await sequenceStatistics(samples, { training })).training!;
          const expected = samples
            .map((sample) => Math.min(...training.map((other) => byTable(sample, other))))
            .sort((a, b) => a - b);
          const half = Math.floor(expected.length / 2);
          const median =
            expected.length % 2 === 1
              ? expected[half]!
              : (expected[half - 1]! + expected[half]!) / 2;
          expect(editDistance).toEqual({
            samples: samples.length,
            least: expected[0],
            median,
            mean: expected.reduce((a, b) => a + b, 0) / expected.length,
          });
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  });

  test('measures distances of as many samples as it is told, evenly spread', async () => {
    const samples = ['AAAA', 'AAAC', 'AACC', 'ACCC'];
    const progress: number[] = [];
    const { training } = await sequenceStatistics(samples, {
      training: ['AAAA'],
      distances: 2,
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(training!.editDistance).toEqual({ samples: 2, least: 0, median: 1, mean: 1 });
    expect(progress).toEqual([0.5, 1]);
  });

  test('refuses nothing to measure or to compare with', async () => {
    await expect(sequenceStatistics([])).rejects.toThrow(anError('invalid', { option: 'samples' }));
    await expect(sequenceStatistics(['A'], { training: [] })).rejects.toThrow(
      anError('invalid', { option: 'training' }),
    );
  });
});
