import { UserError } from '../../../errors.ts';
import { oneLine, quoted } from '../../../quoted.ts';
import { type Alphabet, ownLetters, UNKNOWN_CODE, writeOneHot } from '../../alphabet.ts';
import { findAlphabet } from '../../alphabets.ts';
import type { Taken } from '../../dataset.ts';
import type { Examples, ReadOptions } from '../../examples.ts';
import { refusePartOfOne } from '../../parts.ts';
import { encoder } from './encode.ts';
import { isAlignment, isTable, parseSequences, type SequenceText } from './formats.ts';
import { readText, type SequenceRecord } from './records.ts';

/**
 * Reads the sequences of FASTA, an alignment (Stockholm, Clustal, A2M, A3M, aligned FASTA) or a
 * table, gzipped or not, as one-hot floats `[A, L]`, kept as one byte for each letter. Lower case
 * is read as upper case, spaces are passed over, so is a `*` at an end.
 *
 * `aligned` keeps gaps as letters, which formats of alignments do by themselves; false removes
 * them. Insertions of A2M and A3M are no columns and are left out. `unknown` says what is done with
 * letters outside the alphabet. `taken` says what was left out.
 *
 * @throws UserError, naming file, line and fix, for a damaged file, a letter outside the alphabet,
 *   and sequences of several lengths without `pad`.
 */
export async function sequenceExamples(path: string, options: ReadOptions): Promise<Examples> {
  refusePartOfOne(options.split, path);
  checkOptions(path, options);
  return sequencesInText(await readText(path), path, options);
}

/** Reads sequences from a file's text. */
export function sequencesInText(text: string, path: string, options: ReadOptions): Examples {
  const { alphabet: wanted, pad = 'none', column } = options;
  if (wanted === undefined) throw noAlphabet(path);
  const letters = ownLetters(findAlphabet(wanted));
  const found = parseSequences(text, path, { column, letters });
  if (found.records.length === 0) throw noSequences(path);
  const aligned = options.aligned ?? (found.isAlignment && pad === 'none');
  const alphabet = findAlphabet(wanted, pad, aligned);
  return oneHotExamples(found, alphabet, { ...options, path, most: 16 * text.length });
}

function checkOptions(path: string, { alphabet, column }: ReadOptions): void {
  if (alphabet === undefined) throw noAlphabet(path);
  if (column === undefined || isTable(path)) return;
  throw new UserError(`column ${oneLine(column)}: ${path} is no table; leave it out.`, {
    facts: { option: 'column', path },
  });
}

const noAlphabet = (path: string) =>
  new UserError(
    `alphabet: is missing; say what ${path} is written in: dna, rna, protein, or the letters themselves`,
    { facts: { option: 'alphabet', path } },
  );

const noSequences = (path: string) =>
  new UserError(`${path}: holds no sequences; give more data.`, {
    code: 'unreadable',
    facts: { path },
  });

interface Encoding extends ReadOptions {
  readonly path: string;
  /** Letters that all sequences, filled to one length, may have. */
  readonly most: number;
}

/** Records, with their codes. */
interface Encoded {
  readonly record: SequenceRecord;
  readonly codes: Uint8Array;
}

function oneHotExamples(
  { records, hasInserts }: SequenceText,
  alphabet: Alphabet,
  options: Encoding,
): Examples {
  const { path, unknown = 'refuse', aligned, pad = 'none' } = options;
  const removed = aligned === false || (isAlignment(path) && pad === 'end');
  const gaps = alphabet.aligned ? 'keep' : removed ? 'remove' : 'refuse';
  const encode = encoder({ alphabet, gaps, hasInserts, unknown, file: path });
  const encoded = records.flatMap((record): Encoded[] => {
    const codes = encode(record);
    return codes === undefined ? [] : [{ record, codes }];
  });
  if (encoded.length === 0) {
    throw new UserError(
      `${path}: each of its ${records.length} sequences has a letter outside the alphabet; choose unknown: mask, or another alphabet.`,
      { facts: { path, option: 'unknown', dropped: records.length } },
    );
  }
  if (!alphabet.gap) checkLengths(encoded, alphabet, path);
  const matrix = matrixOf(encoded, alphabet, options);
  const dropped = records.length - encoded.length;
  const masked = encoded.reduce((sum, { codes }) => sum + countOf(codes, UNKNOWN_CODE), 0);
  const taken: Taken = {
    examples: `${encoded.length} sequences`,
    passedOver: dropped > 0 ? [`${dropped} sequences with letters outside the alphabet`] : [],
    notes: [
      ...(alphabet.aligned ? ['gaps are letters: the sequences are aligned'] : []),
      ...(hasInserts && alphabet.aligned ? ['insertions (lower case) are left out'] : []),
      ...(masked > 0 ? [`${masked} letters outside the alphabet are masked`] : []),
    ],
  };
  return { ...matrix, alphabet, taken };
}

const countOf = (codes: Uint8Array, code: number) =>
  codes.reduce((sum, other) => (other === code ? sum + 1 : sum), 0);

function matrixOf(
  encoded: readonly Encoded[],
  alphabet: Alphabet,
  { path, most }: Encoding,
): Pick<Examples, 'count' | 'shape' | 'dtype' | 'read' | 'record'> {
  const count = encoded.length;
  const letters = alphabet.letters.length;
  const own = ownLetters(alphabet).length;
  const longest = encoded.reduce((a, b) => (b.codes.length > a.codes.length ? b : a));
  const { length } = longest.codes;
  if (length === 0) throw noSequences(path);
  if (count * length > Math.max(LARGEST, most)) {
    throw new UserError(
      `${path}: line ${longest.record.lines[0]!.line}: ${quoted(longest.record.name)} has ${length} letters, and ${count} sequences filled to that are too large; remove the longest ones.`,
      { code: 'memory', facts: { path, length, count } },
    );
  }
  const codes = new Uint8Array(count * length).fill(letters - 1);
  encoded.forEach((one, i) => {
    codes.set(one.codes, i * length);
  });
  const codesOf = (index: number) => codes.subarray(index * length, (index + 1) * length);
  return {
    count,
    shape: [letters, length],
    dtype: 'float32',
    read: (index, into, offset) =>
      writeOneHot(codesOf(index), letters, into as Float32Array, offset, own),
    record: (index) => ({
      name: encoded[index]!.record.name,
      sequence: Array.from(encoded[index]!.codes, (code) => alphabet.letters[code] ?? '?').join(''),
    }),
  };
}

/** Letters that sequences filled to one length may have, however small the file: 64 MiB. */
const LARGEST = 2 ** 26;

/** @throws UserError at the first sequence of another length than the first. */
function checkLengths(encoded: readonly Encoded[], { aligned }: Alphabet, file: string): void {
  const { length } = encoded[0]!.codes;
  const other = encoded.find(({ codes }) => codes.length !== length);
  if (other === undefined) return;
  const { name, lines } = other.record;
  const [letters, fix] = aligned
    ? ['columns', 'get the alignment again, or read it without its gaps (aligned: false)']
    : ['letters', 'give sequences of one length, or pad: end to fill the shorter ones with gaps'];
  throw new UserError(
    `${file}: line ${lines[0]!.line}: ${quoted(name)} has ${other.codes.length} ${letters}, those before it ${length}; ${fix}.`,
    { code: 'shape', facts: { path: file, name, length: other.codes.length, expected: length } },
  );
}
