import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';
import { oneLine } from '../quoted.ts';
import { type Alphabet, GAP } from './alphabet.ts';

/**
 * Alphabets by name: the letters of nucleic acids, and the twenty amino acids by their one-letter
 * codes.
 */
export const alphabets = {
  dna: 'ACGT',
  rna: 'ACGU',
  protein: 'ACDEFGHIKLMNPQRSTVWY',
} as const;

/** How sequences shorter than the longest are brought to its length. */
export type Padding = 'none' | 'end';

const known = Object.keys(alphabets).join(', ');

/**
 * Finds the alphabet of a name, or of the letters themselves: two or more different ones, in
 * capitals. With `pad` `end`, or where it is of an alignment, the gap letter `-` is added to it.
 * @throws UserError for an unknown name, letters that stand twice or have another meaning in files
 * or templates.
 */
export function findAlphabet(text: string, pad: Padding = 'none', aligned = false): Alphabet {
  const letters = Object.hasOwn(alphabets, text)
    ? alphabets[text as keyof typeof alphabets]
    : checkLetters(text);
  if (aligned) {
    if (pad === 'end') throw alignedAndPadded(text);
    return { letters: `${letters.replace(GAP, '')}${GAP}`, gap: false, aligned: true };
  }
  if (pad === 'none') return { letters, gap: false };
  if (!letters.includes(GAP)) return { letters: `${letters}${GAP}`, gap: true };
  throw new UserError(
    `alphabet ${oneLine(text)}: "${GAP}" is what pad: end fills with; leave it out of the alphabet, or leave out pad`,
    { facts: { option: 'alphabet', value: text } },
  );
}

const alignedAndPadded = (text: string) =>
  new UserError(
    `alphabet ${oneLine(text)}: an alignment has one length, and pad: end brings sequences to one; leave out pad or aligned`,
    { facts: { option: 'pad', value: 'end' } },
  );

function checkLetters(text: string): string {
  const fail = (problem: string) => {
    throw new UserError(
      `alphabet ${oneLine(text)}: ${problem}${/[.?]$/.test(problem) ? ' Give' : '; give'} ${known}, or the letters themselves, such as ACGTN`,
      { facts: { option: 'alphabet', value: text } },
    );
  };
  if (/[a-z]/.test(text)) {
    const near = didYouMean(text, Object.keys(alphabets));
    fail(`is no alphabet known by its name, and letters are capitals.${near}`);
  }
  // These mark headers, comments, columns and what a template leaves open.
  const wrong = /[^\x21-\x7e]|[>;,"'?_]/.exec(text);
  if (wrong) fail(`${JSON.stringify(wrong[0])} cannot be a letter`);
  const twice = [...text].find((letter, i) => text.indexOf(letter) < i);
  if (twice !== undefined) fail(`${JSON.stringify(twice)} stands twice in it`);
  if (text.length < 2) fail('needs two letters or more');
  return text;
}
