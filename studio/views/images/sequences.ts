/** Jumps of a model of sequences as letters. */
import { type Alphabet, ownLetters, sequencesOf } from '../../../src/data/alphabet.ts';
import { positionFrequencies } from '../../../src/evaluate/position-frequencies.ts';
import type { WalkFrame } from '../../engine/protocol.ts';
import type { ImageShape } from './shape.ts';

/** The shape of a model of sequences. */
export type SequenceShape = ImageShape & { readonly alphabet: Alphabet };

export const ofSequences = (shape: ImageShape | undefined): shape is SequenceShape =>
  shape?.alphabet !== undefined;

/** The sequence of every chain at a jump. */
export const lettersOf = ({ xhat }: WalkFrame, { width, alphabet }: SequenceShape): string[] =>
  sequencesOf(xhat, width, alphabet);

/** Letters of a line of FASTA. */
const LINE = 80;

/** Jumps as FASTA (Pearson & Lipman 1988), named by chain and step. */
export function fastaOf(frames: readonly WalkFrame[], shape: SequenceShape): string {
  const records = frames.flatMap((frame) =>
    lettersOf(frame, shape).map((sequence, chain) => {
      const lines = sequence.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
      return [`>chain-${chain + 1}-step-${frame.step}`, ...lines].join('\n');
    }),
  );
  return `${records.join('\n')}\n`;
}

/** One letter of a logo: where it stands, and how high, in bits. */
export interface LogoLetter {
  readonly letter: string;
  /** Position, from 0. */
  readonly column: number;
  /** Bits below it, and its own. */
  readonly from: number;
  readonly bits: number;
}

export interface Logo {
  readonly letters: readonly LogoLetter[];
  /** log₂ A: the height of a position that is always the same letter. */
  readonly most: number;
  /** Sequences that were counted. */
  readonly count: number;
}

/**
 * A sequence logo (Schneider & Stephens 1990): at each position a stack as high as its information,
 * log₂ A less the entropy of its letters, in which each letter has the share of its frequency; the
 * most frequent is on top. A gap counts as a letter where the alphabet aligns by it.
 */
export function logoOf(frames: readonly WalkFrame[], shape: SequenceShape): Logo {
  const { alphabet, width } = shape;
  const sequences = frames.flatMap((frame) => lettersOf(frame, shape));
  const known = alphabet.gap ? ownLetters(alphabet) : alphabet.letters;
  if (sequences.length === 0) return { letters: [], most: Math.log2(known.length), count: 0 };
  const { frequencies, information } = positionFrequencies(sequences, known, width);
  const letters = Array.from({ length: width }, (_, column) => {
    const shares = [...known]
      .map((letter, code) => ({ letter, share: frequencies[code * width + column]! }))
      .filter(({ share }) => share > 0)
      .sort((a, b) => a.share - b.share);
    let from = 0;
    return shares.map(({ letter, share }) => {
      const bits = share * information[column]!;
      from += bits;
      return { letter, column, from: from - bits, bits };
    });
  });
  return { letters: letters.flat(), most: Math.log2(known.length), count: sequences.length };
}
