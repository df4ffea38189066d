/** Formats of sequences, by the ending of a file's name and its first line. */
import { parseClustal, parseStockholm } from './alignments.ts';
import { delimiterOf, parseCsv } from './csv.ts';
import { parseFasta } from './fasta.ts';
import type { SequenceRecord } from './records.ts';

export interface ReadRecordsOptions {
  readonly column?: string | undefined;
  /** Letters by which a table without names of columns is known. */
  readonly letters: string;
}

/** Sequences of a file, and what its format says of them. */
export interface SequenceText {
  readonly records: readonly SequenceRecord[];
  /** Whether the format is one of alignments. */
  readonly isAlignment: boolean;
  /** Whether lower case and `.` stand for insertions, which are no columns of the alignment. */
  readonly hasInserts: boolean;
}

const packed = (endings: string) => new RegExp(`\\.(${endings})(\\.gz)?$`, 'i');
const fasta = packed('fasta|fa|faa|fna|fas|ffn|frn|mfa');
const alignment = packed('afa|a2m|a3m|sto|stk|stockholm|aln|clustal|clu');
const inserts = packed('a2m|a3m');
const table = packed('csv|tsv');

/** Tells whether a file of this name is a table. */
export const isTable = (path: string): boolean => table.test(path);

/** Tells whether a file of this name is one of alignments. */
export const isAlignment = (path: string): boolean => alignment.test(path);

/** Tells whether a file of this name holds sequences; tables may, and may hold points. */
export const isSequenceFile = (path: string): boolean =>
  fasta.test(path) || isAlignment(path) || isTable(path);

/**
 * Reads the sequences of a file's text.
 *
 * @throws UserError, naming the line, where it is damaged.
 */
export function parseSequences(
  text: string,
  path: string,
  { column, letters }: ReadRecordsOptions,
): SequenceText {
  const kind = { isAlignment: isAlignment(path), hasInserts: inserts.test(path) };
  if (isTable(path)) {
    const delimiter = delimiterOf(text, path);
    return { records: parseCsv(text, path, { column, delimiter, letters }), ...kind };
  }
  const start = text.slice(0, 40).trimStart();
  if (start.startsWith('# STOCKHOLM')) {
    return { records: parseStockholm(text, path), isAlignment: true, hasInserts: false };
  }
  // Other programs write Clustal too and put their own name first.
  if (/^(CLUSTAL|MUSCLE|PROBCONS|MSAPROBS|T-COFFEE)/i.test(start)) {
    return { records: parseClustal(text, path), isAlignment: true, hasInserts: false };
  }
  return { records: parseFasta(text, path), ...kind };
}
