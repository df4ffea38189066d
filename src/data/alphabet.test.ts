import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alphabetSchema, ownLetters, sequencesOf, writeOneHot } from './alphabet.ts';

const dna = { letters: 'ACGT-', gap: true };

describe('one-hot', () => {
  test('is 1 at each letter, 0 elsewhere, over whatever stood there', () => {
    const into = new Float32Array(12).fill(7);
    writeOneHot(Uint8Array.of(1, 0), 4, into, 2);
    // [A, L]: rows of letters.
    expect([...into]).toEqual([7, 7, ...[0, 1], ...[1, 0], ...[0, 0], ...[0, 0], 7, 7]);
  });

  test('gives back any sequences, gaps behind the end removed', () => {
    const sequence = fc.string({ unit: fc.constantFrom(...'ACGT'), maxLength: 9 });
    fc.assert(
      fc.property(fc.array(sequence, { minLength: 1, maxLength: 5 }), (sequences) => {
        const x = new Float32Array(sequences.length * 5 * 9);
        sequences.forEach((text, n) => {
          const codes = Uint8Array.from(text.padEnd(9, '-'), (letter) => 'ACGT-'.indexOf(letter));
          writeOneHot(codes, 5, x, n * 45);
        });
        // What counts is which is largest.
        const moved = x.map((value, i) => 0.3 * value + 0.001 * (i % 7) - 2);
        expect(sequencesOf(moved, 9, dna)).toEqual(sequences);
      }),
      { seed: 2 },
    );
  });

  test('takes the first of equals, and keeps a gap inside', () => {
    expect(sequencesOf(new Float32Array(10), 2, dna)).toEqual(['AA']);
    const x = new Float32Array(15);
    writeOneHot(Uint8Array.of(2, 4, 3), 5, x);
    expect(sequencesOf(x, 3, dna)).toEqual(['G-T']);
    writeOneHot(Uint8Array.of(4, 4, 4), 5, x);
    expect(sequencesOf(x, 3, dna)).toEqual(['']);
    // Without a padding rule "-" is a letter like others.
    expect(sequencesOf(x, 3, { ...dna, gap: false })).toEqual(['---']);
  });
});

test('an alphabet has different letters, the gap being the last', () => {
  expect(alphabetSchema.parse(dna)).toEqual(dna);
  expect(ownLetters(dna)).toBe('ACGT');
  expect(ownLetters({ letters: 'AC-', gap: false })).toBe('AC-');
  for (const wrong of [
    { letters: 'AAC', gap: false },
    { letters: '', gap: false },
    { letters: '-AC', gap: true },
    { letters: 'AC' },
  ]) {
    expect(alphabetSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
  }
});
