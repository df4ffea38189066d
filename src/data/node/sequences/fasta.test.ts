import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFasta, parseFasta } from './fasta.ts';

const textOf = (lines: readonly { readonly text: string }[]) =>
  lines.map(({ text }) => text).join('');

describe('FASTA', () => {
  test('has names, lines with their numbers, comments and blank lines', () => {
    const text = '; made by hand\n>one  first of two\r\nACGT\n\nAC\n;inside\n>\n  GG \r';
    expect(parseFasta(text, 'a.fa')).toEqual([
      {
        name: 'one  first of two',
        line: 2,
        lines: [
          { line: 3, text: 'ACGT' },
          { line: 5, text: 'AC' },
        ],
      },
      { name: '', line: 7, lines: [{ line: 8, text: 'GG' }] },
    ]);
    expect(parseFasta('\n\n', 'a.fa')).toEqual([]);
  });

  test('what is written is read, whatever the length', () => {
    const record = fc.record({
      name: fc.string({ unit: fc.constantFrom(...'ab 1.|'), maxLength: 8 }).map((s) => s.trim()),
      sequence: fc.string({ unit: fc.constantFrom(...'ACGT-'), minLength: 0, maxLength: 250 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), (records) => {
        const found = parseFasta(formatFasta(records), 'a.fa', { empty: true });
        const read = found.map(({ name, lines }) => ({ name, sequence: textOf(lines) }));
        expect(read).toEqual(records);
        for (const { lines } of found)
          for (const { text } of lines) expect(text.length < 81).toBe(true);
      }),
      { seed: 5 },
    );
  });

  test.each([
    ['ACGT\n>a\nAC', 'a.fa: line 1: there is no ">" line before the first sequence; is it FASTA?'],
    ['>a\n\n>b\nAC', 'a.fa: line 1: no sequence follows ">a"; remove it, or get the file again.'],
    ['>a\nAC\n>b', 'a.fa: line 3: no sequence follows ">b"; remove it, or get the file again.'],
  ])('refuses %j', (text, message) => {
    expect(() => parseFasta(text, 'a.fa')).toThrow(message);
  });
});
