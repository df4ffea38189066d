import { UserError } from '../../errors.ts';
import { type Alphabet, ownLetters, writeOneHot } from '../../model/index.ts';
import { type Examples, type ReadOptions, refuseTestSplit } from '../examples.ts';
import { findAlphabet } from './alphabets.ts';
import { parseCsv } from './csv.ts';
import { parseFasta } from './fasta.ts';
import { readText, type SequenceRecord } from './records.ts';

const isTable = (path: string) => /\.(csv|tsv)(\.gz)?$/i.test(path);

/** Whether a file of this name holds sequences. */
export const isSequenceFile = (path: string): boolean =>
  /\.(fasta|fa|faa|fna)(\.gz)?$/i.test(path) || isTable(path);

/**
 * Sequences of a FASTA, CSV or TSV file, gzipped or not, as one-hot floats `[A, L]`, kept as one byte for each letter.
 * Lower case is read as upper case, spaces are passed over.
 * @throws UserError, naming file, line and fix, for a damaged file, a letter outside the alphabet, and
 * sequences of several lengths without `pad`.
 */
export async function sequenceExamples(path: string, options: ReadOptions): Promise<Examples> {
  refuseTestSplit(options.split, path);
  const { alphabet: wanted, pad = 'none', column } = options;
  if (wanted === undefined) {
    throw new UserError(
      `--alphabet: is missing; say what ${path} is written in: dna, rna, protein, or the letters themselves`,
    );
  }
  const alphabet = findAlphabet(wanted, pad);
  if (column !== undefined && !isTable(path)) {
    throw new UserError(`--column ${column}: ${path} is no table; leave it out.`);
  }
  const text = await readText(path);
  const delimiter = /\.tsv(\.gz)?$/i.test(path) ? '\t' : ',';
  const records = isTable(path)
    ? parseCsv(text, path, { column, delimiter, letters: ownLetters(alphabet) })
    : parseFasta(text, path);
  if (records.length === 0) throw new UserError(`${path}: holds no sequences; give more data.`);
  return oneHotExamples(records, alphabet, path);
}

function oneHotExamples(
  records: readonly SequenceRecord[],
  alphabet: Alphabet,
  file: string,
): Examples {
  const encode = encoder(alphabet, file);
  const encoded = records.map(encode);
  const length = encoded.reduce((longest, codes) => Math.max(longest, codes.length), 0);
  const letters = alphabet.letters.length;
  if (!alphabet.gap) checkLengths(records, encoded, file);
  const codes = new Uint8Array(records.length * length).fill(letters - 1);
  encoded.forEach((own, i) => {
    codes.set(own, i * length);
  });
  return {
    count: records.length,
    shape: [letters, length],
    dtype: 'float32',
    alphabet,
    read: (index, into, offset) =>
      writeOneHot(
        codes.subarray(index * length, (index + 1) * length),
        letters,
        into as Float32Array,
        offset,
      ),
  };
}

/** Code of a character that is no letter, and of one that is passed over. */
const [UNKNOWN, BLANK] = [255, 254] as const;

/** Codes of a record's letters: their indices in the alphabet. */
function encoder(alphabet: Alphabet, file: string): (record: SequenceRecord) => Uint8Array {
  const letters = ownLetters(alphabet);
  const table = new Uint8Array(128).fill(UNKNOWN);
  [...' \t\r\n'].forEach((blank) => {
    table[blank.charCodeAt(0)] = BLANK;
  });
  [...letters].forEach((letter, code) => {
    table[letter.charCodeAt(0)] = code;
    table[letter.toLowerCase().charCodeAt(0)] = code;
  });
  return ({ name, lines }) => {
    const codes: number[] = [];
    for (const { line, text } of lines) {
      for (let i = 0; i < text.length; i++) {
        const code = table[text.charCodeAt(i)] ?? UNKNOWN;
        if (code === BLANK) continue;
        if (code === UNKNOWN) {
          const letter = String.fromCodePoint(text.codePointAt(i)!);
          throw new UserError(
            `${file}: line ${line}: letter ${JSON.stringify(letter)} of ${JSON.stringify(name)} is not in the alphabet ${letters}; mend it, or give an --alphabet that has it.`,
          );
        }
        codes.push(code);
      }
    }
    return Uint8Array.from(codes);
  };
}

/** @throws UserError at the first sequence of another length than the first. */
function checkLengths(
  records: readonly SequenceRecord[],
  encoded: readonly Uint8Array[],
  file: string,
): void {
  const { length } = encoded[0]!;
  const other = encoded.findIndex((codes) => codes.length !== length);
  if (other < 0) return;
  const { name, lines } = records[other]!;
  throw new UserError(
    `${file}: line ${lines[0]!.line}: ${JSON.stringify(name)} has ${encoded[other]!.length} letters, those before it ${length}; give sequences of one length, or --pad end to fill the shorter ones with gaps.`,
  );
}
