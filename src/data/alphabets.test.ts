import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { findAlphabet } from './alphabets.ts';

describe('findAlphabet', () => {
  test('knows names, and letters by themselves', () => {
    expect(findAlphabet('dna')).toEqual({ letters: 'ACGT', gap: false });
    expect(findAlphabet('rna')).toEqual({ letters: 'ACGU', gap: false });
    expect(findAlphabet('protein').letters).toHaveLength(20);
    expect(findAlphabet('ACGTN')).toEqual({ letters: 'ACGTN', gap: false });
    expect(findAlphabet('AC-')).toEqual({ letters: 'AC-', gap: false });
    expect(findAlphabet('dna', 'end')).toEqual({ letters: 'ACGT-', gap: true });
  });

  test.each([
    [
      'dnaa',
      'is no alphabet known by its name, and letters are capitals. Did you mean "dna"? Give',
    ],
    ['ACGA', '"A" stands twice in it; give dna, rna, protein, or the letters themselves'],
    ['AC?', '"?" cannot be a letter; give'],
    ['AC G', '" " cannot be a letter'],
    ['ACÄ', '"Ä" cannot be a letter'],
    ['A', 'needs two letters or more'],
    ['', 'needs two letters or more'],
    ['constructor', 'is no alphabet known by its name'],
  ])('refuses %j', (text, message) => {
    expect(() => findAlphabet(text)).toThrow(UserError);
    expect(() => findAlphabet(text)).toThrow(`alphabet ${text}: ${message}`);
  });

  test('refuses to fill with what is a letter', () => {
    expect(() => findAlphabet('AC-', 'end')).toThrow(
      'alphabet AC-: "-" is what pad: end fills with; leave it out of the alphabet, or leave out pad',
    );
  });
});
