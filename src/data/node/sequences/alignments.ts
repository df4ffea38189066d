/** Alignments in blocks: Stockholm (Pfam, Rfam) and Clustal. */
import { UserError } from '../../../errors.ts';
import { quoted } from '../../../quoted.ts';
import type { SequenceRecord } from './records.ts';

type Lines = { line: number; text: string }[];

/** Rows that come in blocks: the parts of each name are joined in order. */
class Blocks {
  readonly #rows = new Map<string, Lines>();

  add(name: string, line: number, text: string): void {
    const lines = this.#rows.get(name) ?? [];
    lines.push({ line, text });
    this.#rows.set(name, lines);
  }

  records(): SequenceRecord[] {
    return [...this.#rows].map(([name, lines]) => ({ name, lines }));
  }
}

const linesOf = (text: string) => text.split(/\r\n|\n|\r/);

function fault(file: string, line: number, problem: string): UserError {
  return new UserError(`${file}: line ${line}: ${problem}; mend it, or get the file again.`, {
    code: 'unreadable',
    facts: { path: file, line },
  });
}

/**
 * Reads Stockholm 1.0: a row is a name and letters, in one block or several; lines of `#` are
 * annotations and are passed over, `//` ends the alignment. `file` is named in errors.
 *
 * @throws UserError, naming the line, for another first line, a row that is none, and a second
 *   alignment.
 */
export function parseStockholm(text: string, file: string): SequenceRecord[] {
  const blocks = new Blocks();
  let ended = false;
  for (const [i, raw] of linesOf(text).entries()) {
    const [content, line] = [raw.trim(), i + 1];
    if (content === '') continue;
    if (ended) throw fault(file, line, 'a second alignment begins, give a file of one');
    if (content.startsWith('#')) continue;
    if (content === '//') {
      ended = true;
      continue;
    }
    const [name, letters, ...rest] = content.split(/\s+/);
    if (letters === undefined || rest.length > 0) {
      throw fault(file, line, `${quoted(content, 40)} is no name and letters`);
    }
    blocks.add(name!, line, letters);
  }
  return blocks.records();
}

/**
 * Reads Clustal: a line that begins with the program's name, then blocks of rows, a name and
 * letters and perhaps a count; lines that begin with a space mark columns and are passed over.
 *
 * @throws UserError, naming the line, for a row that is none.
 */
export function parseClustal(text: string, file: string): SequenceRecord[] {
  const blocks = new Blocks();
  for (const [i, raw] of linesOf(text).entries()) {
    const line = i + 1;
    if (i === 0 || raw.trim() === '' || /^\s/.test(raw)) continue;
    const [name, letters, count, ...rest] = raw.trim().split(/\s+/);
    const isRow = letters !== undefined && rest.length === 0 && /^\d*$/.test(count ?? '');
    if (!isRow) throw fault(file, line, `${quoted(raw, 40)} is no name and letters`);
    blocks.add(name!, line, letters);
  }
  return blocks.records();
}
