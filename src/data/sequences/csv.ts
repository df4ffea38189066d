import { CsvError, type CsvErrorCode, parse } from 'csv-parse/sync';
import { UserError } from '../../errors.ts';
import type { SequenceRecord } from './records.ts';

/** Columns that are taken where none is asked for. */
const usual = ['sequence', 'sequences', 'seq'];

export interface CsvOptions {
  /** Column with the sequences; default: the one called `sequence`, or the only one. */
  readonly column?: string | undefined;
  /** What separates columns. */
  readonly delimiter: ',' | '\t';
  /** Letters by which a file without names of columns is known. */
  readonly letters: string;
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * Sequences of a table whose first row names the columns. `file` is named in errors.
 * @throws UserError, naming the line, for a damaged table, a column that is not there, and an empty cell.
 */
export function parseCsv(text: string, file: string, options: CsvOptions): SequenceRecord[] {
  const [head, ...rows] = readRows(text, file, options.delimiter);
  if (head === undefined) throw new UserError(`${file}: holds no rows; give more data.`);
  const at = columnOf(head.cells, file, options);
  return rows.map(({ line, cells }, i) => {
    const cell = cells[at]!;
    if (cell === '') {
      throw new UserError(
        `${file}: line ${line}: column "${head.cells[at]}" is empty; fill it, or remove the row.`,
      );
    }
    return { name: `row ${i + 1}`, lines: [{ line, text: cell }] };
  });
}

function readRows(text: string, file: string, delimiter: string): Row[] {
  try {
    const rows: unknown = parse(text, {
      ...{ delimiter, info: true, skip_empty_lines: true, trim: true },
      record_delimiter: ['\r\n', '\n', '\r'],
    });
    // With `info` each row comes with where it was found, which the types do not say.
    return (rows as { info: { lines: number }; record: string[] }[]).map(({ info, record }) => ({
      line: info.lines,
      cells: record,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = problems[error.code]?.(error) ?? error.message;
    throw new UserError(
      `${file}: line ${error.lines}: ${problem}; mend it, or get the file again.`,
      {
        cause: error,
      },
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

function columnOf(names: readonly string[], file: string, { column, letters }: CsvOptions): number {
  const find = (wanted: string) =>
    names.findIndex((name) => name.toLowerCase() === wanted.toLowerCase());
  const there = `it has ${names.map((name) => JSON.stringify(name)).join(', ')}`;
  if (column !== undefined) {
    const found = find(column);
    if (found >= 0) return found;
    throw new UserError(`${file}: line 1: has no column "${column}"; ${there}.`);
  }
  const found = usual.map(find).find((index) => index >= 0);
  if (found !== undefined) return found;
  if (names.length > 1) {
    throw new UserError(
      `${file}: line 1: has no column "sequence"; name one with --column, ${there}.`,
    );
  }
  const only = names[0]!.toUpperCase();
  if (![...only].every((letter) => letters.includes(letter))) return 0;
  throw new UserError(
    `${file}: line 1: must name the column, and "${names[0]}" looks like a sequence; write "sequence" above it.`,
  );
}
