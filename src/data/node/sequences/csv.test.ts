import { describe, expect, test } from 'vitest';
import { type CsvOptions, parseCsv } from './csv.ts';

const parse = (text: string, options: Partial<CsvOptions> = {}) =>
  parseCsv(text, 'a.csv', { delimiter: ',', letters: 'ACGT', ...options });
const sequences = (...found: Parameters<typeof parse>) =>
  parse(...found).map(({ lines }) => lines.map(({ line, text }) => `${line} ${text}`).join());

describe('CSV', () => {
  test('has a column of sequences', () => {
    expect(sequences('id,Sequence\n1,ACGT\r\n\n2, GG \n')).toEqual(['2 ACGT', '4 GG']);
    expect(sequences('"id","seq"\r\n"1, or so","ACGT"\r\n2,AC\r\n')).toEqual(['2 ACGT', '3 AC']);
    expect(sequences('sequence,dna\nx,AC', { column: 'DNA' })).toEqual(['2 AC']);
    expect(sequences('dna\nAC\nGT')).toEqual(['2 AC', '3 GT']);
    expect(sequences('id\tsequence\n1\tAC', { delimiter: '\t' })).toEqual(['2 AC']);
    expect(parse('sequence\nAC')[0]!.name).toBe('row 1');
  });

  test('"seq" names a column, though its letters may be those of a sequence', () => {
    expect(sequences('seq\nAC', { letters: 'ACEQS' })).toEqual(['2 AC']);
  });

  test.each<[string, Partial<CsvOptions>, string]>([
    ['', {}, 'holds no rows; give more data.'],
    ['id,sequence\n1,AC,2', {}, 'line 2: has 3 columns, the rows before it have another number'],
    ['id,sequence\n1', {}, 'line 2: has 1 columns, the rows before it have another number'],
    ['id,sequence\n1,"AC\n2,G', {}, 'line 3: the file ends inside a quote; mend it'],
    ['id,sequence\n1,"A"C', {}, 'line 2: letters follow a closing quote'],
    ['id,sequence\n1,A"C', {}, 'line 2: a quote stands inside a value'],
    [
      'id,sequence\n1,AC\n2,',
      {},
      'line 3: column "sequence" is empty; fill it, or remove the row.',
    ],
    [
      'id,dna\n1,A',
      {},
      `line 1: has no column "sequence"; name one with the option 'column', it has "id", "dna".`,
    ],
    ['id,dna\n1,A', { column: 'rna' }, 'line 1: has no column "rna"; it has "id", "dna".'],
    ['acgt\nACGG', {}, 'line 1: must name the column, and "acgt" looks like a sequence'],
  ])('refuses %j %j', (text, options, message) => {
    expect(() => parse(text, options)).toThrow(`a.csv: ${message}`);
  });
});
