import { z } from 'zod';

/** What the first axis of one-hot sequences [A, L] means. */
export interface Alphabet {
  /** The A letters, in the order of the axis. */
  readonly letters: string;
  /** Whether the last of them, `-`, fills shorter sequences behind their end. */
  readonly gap: boolean;
}

/** The letter that fills. */
export const GAP = '-';

export const alphabetSchema: z.ZodType<Alphabet> = z
  .object({ letters: z.string().min(1), gap: z.boolean() })
  .refine(({ letters }) => new Set(letters).size === letters.length, 'a letter stands twice in it')
  .refine(({ letters, gap }) => !gap || letters.endsWith(GAP), 'the gap letter is not its last');

/** Letters without the one that fills. */
export const ownLetters = ({ letters, gap }: Alphabet): string =>
  gap ? letters.slice(0, -1) : letters;

/** Writes codes (indices of letters) [L] as one-hot [A, L], row-major, to `into` from `offset` on. */
export function writeOneHot(
  codes: Uint8Array,
  letters: number,
  into: Float32Array,
  offset = 0,
): void {
  const { length } = codes;
  into.fill(0, offset, offset + letters * length);
  for (let i = 0; i < length; i++) into[offset + codes[i]! * length + i] = 1;
}

/**
 * The sequences of x [n, A, L]: the largest value of each position says its letter, the first of equals. Gap
 * letters behind the end are removed; one inside stays, and says that this is no sequence.
 */
export function sequencesOf(x: Float32Array, length: number, alphabet: Alphabet): string[] {
  const { letters, gap } = alphabet;
  const size = letters.length * length;
  return Array.from({ length: x.length / size }, (_, n) => {
    let sequence = '';
    for (let i = 0; i < length; i++) {
      let best = 0;
      for (let a = 1; a < letters.length; a++) {
        if (x[n * size + a * length + i]! > x[n * size + best * length + i]!) best = a;
      }
      sequence += letters[best];
    }
    return gap ? sequence.replace(/-+$/, '') : sequence;
  });
}
