import { UserError } from '../../../errors.ts';
import { quoted } from '../../../quoted.ts';
import type { SequenceRecord } from './records.ts';

/**
 * Reads FASTA (Pearson & Lipman 1988): `>` and a name, then the sequence on one or more lines.
 * Blank lines and lines that begin with `;` are passed over. `file` is named in errors. With
 * `empty` a name may stand alone, as samples may.
 *
 * @throws UserError, naming the line, for letters before the first name and a name without a
 *   sequence.
 */
export function parseFasta(
  text: string,
  file: string,
  { empty: emptyToo = false }: { readonly empty?: boolean } = {},
): SequenceRecord[] {
  type Open = { name: string; line: number; lines: { line: number; text: string }[] };
  const records: Open[] = [];
  text.split(/\r\n|\n|\r/).forEach((raw, i) => {
    const [content, line] = [raw.trim(), i + 1];
    if (content === '' || content.startsWith(';')) return;
    if (content.startsWith('>')) {
      records.push({ name: content.slice(1).trim(), line, lines: [] });
      return;
    }
    const record = records.at(-1);
    if (record === undefined) {
      throw new UserError(
        `${file}: line ${line}: there is no ">" line before the first sequence; is it FASTA?`,
        { code: 'unreadable', facts: { path: file, line } },
      );
    }
    record.lines.push({ line, text: content });
  });
  const empty = records.find(({ lines }) => lines.length === 0);
  if (empty !== undefined && !emptyToo) {
    throw new UserError(
      `${file}: line ${empty.line}: no sequence follows ${quoted(`>${empty.name}`)}; remove it, or get the file again.`,
      { code: 'unreadable', facts: { path: file, line: empty.line, name: empty.name } },
    );
  }
  return records;
}

/** Letters of a line of FASTA. */
const WIDTH = 80;

/** Writes sequences with names as FASTA. An empty sequence is a name alone. */
export function formatFasta(
  records: Iterable<{ readonly name: string; readonly sequence: string }>,
): string {
  let text = '';
  for (const { name, sequence } of records) {
    text += `>${name}\n`;
    for (let i = 0; i < sequence.length; i += WIDTH) text += `${sequence.slice(i, i + WIDTH)}\n`;
  }
  return text;
}
