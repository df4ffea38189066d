import { z } from 'zod';

/** What the first axis of one-hot sequences [A, L] means. */
export interface Alphabet {
  /** The A letters, in the order of the axis. */
  readonly letters: string;
  /** Whether the last of them, `-`, fills shorter sequences behind their end. */
  readonly gap: boolean;
  /** Whether the last of them, `-`, is the gap of an alignment, which may stand anywhere. */
  readonly aligned?: boolean | undefined;
}

/** The letter that fills, and the gap of alignments. */
export const GAP = '-';

export const alphabetSchema: z.ZodType<Alphabet> = z
  .object({
    letters: z.string().min(1),
    gap: z.boolean(),
    aligned: z.boolean().optional(),
  })
  .refine(({ letters }) => new Set(letters).size === letters.length, 'a letter stands twice in it')
  .refine(({ gap, aligned }) => !(gap && aligned), 'its gap cannot both fill and align')
  .refine(
    ({ letters, gap, aligned }) => !(gap || aligned) || letters.endsWith(GAP),
    'the gap letter is not its last',
  );

/** Gives the letters without the gap. */
export const ownLetters = ({ letters, gap, aligned }: Alphabet): string =>
  gap || aligned ? letters.slice(0, -1) : letters;

/** Takes of an alphabet the settings by which its data are read. */
export function readingOf(alphabet: Alphabet): {
  readonly alphabet: string;
  readonly pad: 'none' | 'end';
  readonly aligned?: true;
} {
  const pad = alphabet.gap ? 'end' : 'none';
  return { alphabet: ownLetters(alphabet), pad, ...(alphabet.aligned && { aligned: true }) };
}

/** Tells whether gaps may stand anywhere: in an alignment, or where `-` is a letter like others. */
export const allowsGaps = ({ letters, gap, aligned }: Alphabet): boolean =>
  aligned === true || (!gap && letters.includes(GAP));

/** Code of a letter that is not known: all letters but the gap are as likely. */
export const UNKNOWN_CODE = 255;

/**
 * Writes codes (indices of letters) [L] as one-hot [A, L], row-major, to `into` from `offset` on.
 * Of `UNKNOWN_CODE` the first `own` letters have 1/own each.
 */
export function writeOneHot(
  codes: Uint8Array,
  letters: number,
  into: Float32Array,
  offset = 0,
  own = letters,
): void {
  const { length } = codes;
  into.fill(0, offset, offset + letters * length);
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    if (code !== UNKNOWN_CODE) into[offset + code * length + i] = 1;
    else for (let a = 0; a < own; a++) into[offset + a * length + i] = 1 / own;
  }
}

/**
 * Reads the sequences of x [n, A, L]: the largest value at a position says its letter, the first of
 * equals. Gap letters behind the end are removed; one inside stays, and says that this is no
 * sequence. Those of alignments all stay.
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
