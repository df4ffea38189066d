import { CsvError, type CsvErrorCode, parse } from 'csv-parse/sync';
import { UserError } from '../../../errors.ts';
import { oneLine, quoted } from '../../../quoted.ts';
import type { SequenceRecord } from './records.ts';

/** Columns that are taken where none is asked for. */
const usual = ['sequence', 'sequences', 'seq'];

/** Columns that name sequences. */
const names: ReadonlySet<string> = new Set(['id', 'name', 'accession']);

export interface CsvOptions {
  /** Column with the sequences; default: the one called `sequence`, or the only one. */
  readonly column?: string | undefined;
  /** What separates columns. */
  readonly delimiter: Delimiter;
  /** Letters by which a file without names of columns is known. */
  readonly letters: string;
}

export type Delimiter = ',' | ';' | '\t';

/**
 * Finds what separates the columns of a table: of `.tsv` a tab, else what stands in its first line.
 */
export function delimiterOf(text: string, path: string): Delimiter {
  if (/\.tsv(\.gz)?$/i.test(path)) return '\t';
  const [first = ''] = /^[^\r\n]*\S[^\r\n]*$/m.exec(text) ?? [];
  const bare = first.replace(/"[^"]*"/g, '');
  if (bare.includes(',')) return ',';
  const others = ([';', '\t'] as const).filter((delimiter) => bare.includes(delimiter));
  return others[0] ?? ',';
}

/** A row of a table, and the line it ends on. */
export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Reads the sequences of a table whose first row names the columns. `file` is named in errors.
 *
 * @throws UserError, naming the line, for a damaged table, a column that is not there, and an empty
 *   cell.
 */
export function parseCsv(text: string, file: string, options: CsvOptions): SequenceRecord[] {
  const [head, ...rows] = readRows(text, file, options.delimiter);
  if (head === undefined) {
    throw new UserError(`${file}: holds no rows; give more data.`, { facts: { path: file } });
  }
  const at = columnOf(head.cells, file, options);
  const named = head.cells.findIndex((name) => names.has(name.toLowerCase()));
  return rows.map(({ line, cells }, i) => {
    const cell = cells[at]!;
    if (cell === '') {
      throw new UserError(
        `${file}: line ${line}: column ${quoted(head.cells[at]!)} is empty; fill it, or remove the row.`,
        { code: 'unreadable', facts: { path: file, line, column: head.cells[at] } },
      );
    }
    const name = named >= 0 && named !== at ? cells[named]! : '';
    return { name: name || `row ${i + 1}`, lines: [{ line, text: cell }] };
  });
}

/**
 * Reads the rows of a table.
 *
 * @throws UserError, naming the line, for one that is damaged.
 */
export function readRows(text: string, file: string, delimiter: Delimiter): Row[] {
  try {
    const rows: unknown = parse(text, {
      delimiter,
      info: true,
      skip_empty_lines: true,
      trim: true,
      record_delimiter: ['\r\n', '\n', '\r'],
    });
    // With `info` each row comes with where it was found, which the types do not say.
    return (rows as { info: { lines: number }; record: string[] }[]).map(({ info, record }) => ({
      line: info.lines,
      cells: record,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = problems[error.code]?.(error) ?? oneLine(error.message);
    throw new UserError(
      `${file}: line ${error.lines}: ${problem}; mend it, or get the file again.`,
      { code: 'unreadable', facts: { path: file, line: error.lines }, cause: error },
    );
  }
}

const problems: Partial<Record<CsvErrorCode, (error: CsvError) => string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: ({ record }) =>
    `has ${(record as unknown[]).length} columns, the rows before it have another number`,
  CSV_QUOTE_NOT_CLOSED: () => 'the file ends inside a quote',
  CSV_INVALID_CLOSING_QUOTE: () => 'letters follow a closing quote',
  INVALID_OPENING_QUOTE: () => 'a quote stands inside a value',
};

function columnOf(
  columns: readonly string[],
  file: string,
  { column, letters }: CsvOptions,
): number {
  const find = (wanted: string) =>
    columns.findIndex((name) => name.toLowerCase() === wanted.toLowerCase());
  const there = `it has ${columns
    .slice(0, SHOWN)
    .map((name) => quoted(name))
    .join(', ')}`;
  const fault = (problem: string) =>
    new UserError(`${file}: line 1: ${problem}`, {
      facts: { path: file, option: 'column', columns },
    });
  if (column !== undefined) {
    const found = find(column);
    if (found >= 0) return found;
    throw fault(`has no column ${quoted(column)}; ${there}.`);
  }
  const found = usual.map(find).find((index) => index >= 0);
  if (found !== undefined) return found;
  if (columns.length > 1) {
    throw fault(`has no column "sequence"; name one with the option 'column', ${there}.`);
  }
  const only = columns[0]!.toUpperCase();
  if (![...only].every((letter) => letters.includes(letter))) return 0;
  throw fault(
    `must name the column, and ${quoted(columns[0]!)} looks like a sequence; write "sequence" above it.`,
  );
}

/** Columns that an error lists. */
const SHOWN = 30;
