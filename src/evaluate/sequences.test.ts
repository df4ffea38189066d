import { describe, expect, test } from 'vitest';
import { fillNormal, randomKey } from '../random.ts';
import { compositionOf, conformity } from './conformity.ts';
import { identity, nearestSequences } from './nearest-sequences.ts';
import { positionDivergence, positionFrequencies } from './position-frequencies.ts';

describe('the nearest training sequence', () => {
  const training = [
    { name: 'first', sequence: 'ACGTACGT' },
    { name: 'second', sequence: 'AAAA' },
    { name: 'third', sequence: 'ACGTACGT' },
  ];

  test('is named, with its identity', async () => {
    const found = await nearestSequences(['ACGTACG', 'AAAT', 'ACGTACGT'], training);
    expect(found).toEqual([
      // One letter of eight is missing.
      { sample: 0, index: 0, name: 'first', edits: 1, identity: 7 / 8 },
      { sample: 1, index: 1, name: 'second', edits: 1, identity: 3 / 4 },
      { sample: 2, index: 0, name: 'first', edits: 0, identity: 1 },
    ]);
  });

  test('of an alignment is the one with the most identical columns', async () => {
    const rows = [
      { name: 'a', sequence: 'AC--GT' },
      { name: 'b', sequence: 'ACCCGT' },
    ];
    // Four columns have a letter, three are the same; beside b three of six.
    expect(await nearestSequences(['AC--GA'], rows, { aligned: true })).toEqual([
      { sample: 0, index: 0, name: 'a', edits: 1, identity: 3 / 4 },
    ]);
    expect(identity('AC--GA', 'ACCCGT')).toBe(3 / 6);
    expect(identity('--', '--')).toBe(1);
    expect(() => identity('A', 'AC')).toThrow(RangeError);
  });

  test('needs training sequences', async () => {
    await expect(nearestSequences(['A'], [])).rejects.toThrow(RangeError);
  });
});

describe('frequencies by position', () => {
  test('are shares, and information is that of a logo', () => {
    const { frequencies, counts, information } = positionFrequencies(
      ['AA', 'AC', 'AG', 'AT', 'A'],
      'ACGT',
    );
    expect([...frequencies]).toEqual([1, 0.25, 0, 0.25, 0, 0.25, 0, 0.25]);
    expect([...counts]).toEqual([5, 4]);
    // One letter of four: 2 bits; all as likely: none.
    expect([...information]).toEqual([2, 0]);
  });

  test('of two sets differ by 0 to 1 bit', () => {
    const of = (...sequences: string[]) => positionFrequencies(sequences, 'AC', 2);
    expect(positionDivergence(of('AC', 'CA'), of('CC', 'AA'))).toBe(0);
    expect(positionDivergence(of('AA'), of('CC'))).toBe(1);
    // The second position is in one set only.
    expect(positionDivergence(of('A'), of('AC'))).toBe(0.5);
  });
});

describe('conformity', () => {
  const normals = (seed: number, count: number, shift = 0) => {
    const values = new Float64Array(2 * count);
    fillNormal(randomKey(seed), 0, values);
    return Array.from({ length: count }, (_, i) => [values[2 * i]! + shift, values[2 * i + 1]!]);
  };

  test('of samples distributed as the reference is uniform', () => {
    // Largest gap of the distribution function. By Dvoretzky, Kiefer & Wolfowitz the 500 of the
    // calibration half pass 0.08 by chance with probability 2 exp(−2 · 500 · 0.08²) < 0.004, the
    // 4,000 samples 0.03 with 2 exp(−2 · 4000 · 0.03²) < 0.002; the seed is fixed.
    const { scores, mean } = conformity(normals(1, 4000), normals(2, 1000));
    const sorted = [...scores].sort((a, b) => a - b);
    const gap = sorted.reduce((most, p, i) => Math.max(most, Math.abs(p - i / sorted.length)), 0);
    expect(gap).toBeLessThan(0.11);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });

  test('of samples from elsewhere is as low as it can be', () => {
    const { scores, calibration } = conformity(normals(3, 20, 50), normals(4, 200));
    expect(calibration).toBe(100);
    for (const score of scores) expect(score).toBe(1 / 101);
  });

  test('of the most likely is 1', () => {
    const reference = [[0], [0], [0], [0]];
    expect([...conformity([[0]], reference).scores]).toEqual([1]);
  });

  test('descriptors are length and shares of letters', () => {
    expect(compositionOf('AAC-', 'ACG')).toEqual([3, 2 / 3, 1 / 3, 0]);
    expect(compositionOf('', 'AC')).toEqual([0, 0, 0]);
  });
});
