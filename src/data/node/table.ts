/** Tables: points, or sequences where an alphabet is given. */
import { UserError } from '../../errors.ts';
import { listed, quoted } from '../../quoted.ts';
import { inMemory, type Labels, labelsOf, type Taken } from '../dataset.ts';
import type { Examples, ReadOptions } from '../examples.ts';
import { refusePartOfOne } from '../parts.ts';
import { delimiterOf, type Row, readRows } from './sequences/csv.ts';
import { sequenceExamples } from './sequences/examples.ts';
import { readText } from './sequences/records.ts';

export { isTable } from './sequences/formats.ts';

/** Columns of classes, and of what counts rows, by their names. */
const labelNames: ReadonlySet<string> = new Set(['label', 'labels', 'class', 'target']);
const indexNames: ReadonlySet<string> = new Set(['', 'index', 'id', 'unnamed: 0']);

const isNumber = (cell: string) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell);

/**
 * Reads the examples of a CSV or TSV file, gzipped or not, whose columns are separated by commas,
 * semicolons or tabs. With `alphabet` or `column` they are sequences; see `sequenceExamples`.
 * Otherwise each row is a point `[d]`: the first row may name the columns, one called `label` or
 * `class` has the classes, and one called `id` or `index`, or without a name, is passed over.
 *
 * @throws UserError, naming the line, for a damaged table and a cell that is no number.
 */
export async function tableExamples(path: string, options: ReadOptions = {}): Promise<Examples> {
  const { alphabet, column, pad, unknown, aligned } = options;
  const asked = [alphabet, column, pad, unknown, aligned].some((value) => value !== undefined);
  if (asked) return sequenceExamples(path, options);
  refusePartOfOne(options.split, path);
  return pointsInText(await readText(path), path);
}

/** Reads the points of a table's text; `path` is named in errors. */
export function pointsInText(text: string, path: string): Examples {
  const rows = readRows(text, path, delimiterOf(text, path));
  const [first] = rows;
  if (first === undefined) throw noRows(path);
  const hasNames = !first.cells.every(isNumber);
  const names = hasNames ? first.cells : first.cells.map((_, i) => `column ${i + 1}`);
  const body = hasNames ? rows.slice(1) : rows;
  if (body.length === 0) throw noRows(path);
  const kinds = names.map((name) => (hasNames ? kindOf(name) : 'number'));
  const columns = [...names.keys()].filter((i) => kinds[i] === 'number');
  const width = columns.length;
  if (width === 0) throw noRows(path);
  const data = new Float32Array(body.length * width);
  body.forEach((row, i) => {
    columns.forEach((column, j) => {
      data[i * width + j] = numberIn(row, column, { names, path });
    });
  });
  const classes = classesIn(body, kinds.indexOf('label'));
  const passed = names.filter((_, i) => kinds[i] === 'index').map((name) => name || 'without name');
  const taken: Taken = {
    examples: `points of ${listed(columns.map((i) => names[i]!))}`,
    ...(classes && { labels: names[kinds.indexOf('label')]! }),
    passedOver: passed.map((name) => `column ${name}`),
    notes: [],
  };
  return { count: body.length, shape: [width], ...inMemory(data, body.length), ...classes, taken };
}

const noRows = (path: string) =>
  new UserError(`${path}: holds no rows of numbers; give more data.`, {
    code: 'unreadable',
    facts: { path },
  });

function kindOf(name: string): 'number' | 'label' | 'index' {
  if (labelNames.has(name.toLowerCase())) return 'label';
  return indexNames.has(name.toLowerCase()) ? 'index' : 'number';
}

interface Table {
  readonly names: readonly string[];
  readonly path: string;
}

function numberIn({ cells, line }: Row, column: number, { names, path }: Table): number {
  const cell = cells[column]!;
  const value = isNumber(cell) ? Math.fround(Number(cell)) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new UserError(
    `${path}: line ${line}: ${quoted(names[column]!, 40)} is ${quoted(cell, 40)}, which is no number; mend it, or give an alphabet if the table holds sequences.`,
    { code: 'unreadable', facts: { path, line, column: names[column] } },
  );
}

/** Class indices as they stand, or names in order. */
function classesIn(
  rows: readonly Row[],
  column: number,
): { readonly labels: Labels; readonly classes?: readonly string[] } | undefined {
  if (column < 0) return undefined;
  const cells = rows.map(({ cells }) => cells[column]!);
  if (cells.every((cell) => /^\d{1,6}$/.test(cell))) return { labels: labelsOf(cells.map(Number)) };
  const classes = [...new Set(cells)].sort();
  const indices = new Map(classes.map((name, i) => [name, i]));
  return { labels: labelsOf(cells.map((cell) => indices.get(cell)!)), classes };
}
