/** Letters of sequences as codes: their indices in the alphabet. */
import { UserError } from '../../../errors.ts';
import { quoted } from '../../../quoted.ts';
import { type Alphabet, GAP, ownLetters, UNKNOWN_CODE } from '../../alphabet.ts';
import type { UnknownLetters } from '../../examples.ts';
import type { SequenceRecord } from './records.ts';

export interface EncodeOptions {
  readonly alphabet: Alphabet;
  /** Of gaps in the file: letters (`keep`), left out (`remove`), or refused as unknown. */
  readonly gaps: 'keep' | 'remove' | 'refuse';
  /** Whether lower case and `.` are insertions, left out of an alignment. */
  readonly hasInserts: boolean;
  readonly unknown: UnknownLetters;
  /** Names the file in errors. */
  readonly file: string;
}

/** A sequence as codes; `undefined` where it is dropped for its unknown letters. */
export type Encode = (record: SequenceRecord) => Uint8Array | undefined;

/** Codes of characters, beside those of letters. */
const [UNKNOWN, BLANK] = [255, 254] as const;

/** How gaps are written, beside `-`. */
const gapSigns = `${GAP}.~`;

/** Gives codes of the records of one file. */
export function encoder(options: EncodeOptions): Encode {
  const { unknown } = options;
  const table = codeTable(options);
  return (record) => {
    const codes: number[] = [];
    for (const { line, text } of record.lines) {
      for (let i = 0; i < text.length; i++) {
        const code = table[text.charCodeAt(i)] ?? UNKNOWN;
        if (code === BLANK) continue;
        if (code !== UNKNOWN) {
          codes.push(code);
          continue;
        }
        const letter = String.fromCodePoint(text.codePointAt(i)!);
        // The sign of the end, as translated genes have it.
        if (letter === '*' && isEnd(record, line, i)) continue;
        if (unknown === 'refuse' || !/^[A-Za-z*?]$/.test(letter)) {
          throw notInAlphabet(letter, { record, line, options });
        }
        if (unknown === 'drop') return undefined;
        codes.push(UNKNOWN_CODE);
      }
    }
    return Uint8Array.from(codes);
  };
}

function isEnd({ lines }: SequenceRecord, line: number, at: number): boolean {
  const last = lines.at(-1)!;
  return last.line === line && at === last.text.length - 1;
}

function codeTable({ alphabet, gaps, hasInserts }: EncodeOptions): Uint8Array {
  const letters = ownLetters(alphabet);
  const table = new Uint8Array(128).fill(UNKNOWN);
  const set = (characters: string, code: (index: number) => number) => {
    for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = code(i);
  };
  set(' \t\r\n', () => BLANK);
  // The gap letter is the last of an alphabet that has it.
  if (gaps === 'keep') set(gapSigns, () => letters.length);
  if (gaps === 'remove') set(gapSigns, () => BLANK);
  set(letters.toLowerCase(), (i) => i);
  set(letters, (i) => i);
  if (hasInserts && gaps === 'keep') {
    set('abcdefghijklmnopqrstuvwxyz.', () => BLANK);
  }
  return table;
}

interface Place {
  readonly record: SequenceRecord;
  readonly line: number;
  readonly options: EncodeOptions;
}

function notInAlphabet(letter: string, { record, line, options }: Place): UserError {
  const { alphabet, file } = options;
  const fix = gapSigns.includes(letter)
    ? 'say that it is a gap of an alignment (aligned: true) or is to be left out (aligned: false)'
    : 'mend it, give an alphabet that has it, or say what to do with such letters (unknown: drop or mask)';
  return new UserError(
    `${file}: line ${line}: letter ${quoted(letter)} of ${quoted(record.name)} is not in the alphabet ${ownLetters(alphabet)}; ${fix}.`,
    { code: 'unreadable', facts: { path: file, line, letter, name: record.name } },
  );
}
