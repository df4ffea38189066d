import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sequencesOf } from '../../alphabet.ts';
import { readAll } from '../../dataset.ts';
import { put, temporaryFolder } from '../../fixtures/folder.ts';
import { type LoadOptions, loadDataset } from '../load.ts';

const folder = temporaryFolder();

async function read(name: string, text: string | Uint8Array, options: LoadOptions) {
  const dataset = await loadDataset(put(text, folder, name), { alphabet: 'dna', ...options });
  const x = readAll(dataset) as Float32Array;
  const sequences = sequencesOf(x, dataset.shape[1]!, dataset.alphabet!);
  const records = Array.from({ length: dataset.count }, (_, i) => dataset.record!(i));
  return { dataset, sequences, records };
}

const stockholm = `# STOCKHOLM 1.0
#=GF ID small
#=GS one/1-5 AC X1
one/1-5  AC-G
#=GR one/1-5 SS ....
two      A.TG

one/1-5  TT
two      T-
#=GC SS_cons ......
//
`;
const clustal = `CLUSTAL W (1.83) multiple sequence alignment

one/1-5    AC-G 3
two        A-TG 3
           *  *

one/1-5    TT 5
two        T- 4
`;
const fasta = '>one/1-5\nAC-GTT\n>two\nA-TGT-\n';
// Columns are upper case and "-"; insertions are lower case, and "." pads them in A2M.
const a2m = '>one/1-5\nACaa-GTT\n>two\nA-..TGT-\n';
const a3m = '>one/1-5\nACaa-GTT\n>two\nA-TGT-\n';

const formats = [
  ['a.sto', stockholm],
  ['a.stk.gz', gzipSync(stockholm)],
  ['a.aln', clustal],
  ['b.aln', fasta],
  ['a.afa', fasta.toLowerCase()],
  ['a.a2m', a2m],
  ['a.a3m', a3m],
] as const;

describe('alignments', () => {
  test.each(formats)('%s: gaps are letters', async (name, text) => {
    const { dataset, sequences, records } = await read(name, text, {});
    expect(sequences).toEqual(['AC-GTT', 'A-TGT-']);
    expect(dataset).toMatchObject({
      shape: [5, 6],
      alphabet: { letters: 'ACGT-', gap: false, aligned: true },
    });
    expect(records).toEqual([
      { name: 'one/1-5', sequence: 'AC-GTT' },
      { name: 'two', sequence: 'A-TGT-' },
    ]);
    expect(dataset.taken?.notes[0]).toMatch(/aligned/);
  });

  test.each(formats.slice(0, 5))('%s: gaps can be left out', async (name, text) => {
    const { dataset, sequences } = await read(name, text, { aligned: false, pad: 'end' });
    expect(sequences).toEqual(['ACGTT', 'ATGT']);
    expect(dataset.alphabet).toEqual({ letters: 'ACGT-', gap: true });
    expect((await read(name, text, { pad: 'end' })).sequences).toEqual(sequences);
  });

  test('without gaps, insertions belong to the sequence', async () => {
    const { sequences } = await read('c.a3m', a3m, { aligned: false, pad: 'end' });
    expect(sequences).toEqual(['ACAAGTT', 'ATGT']);
  });

  test('FASTA is aligned where that is asked for, and refused at a gap where nothing is', async () => {
    expect((await read('a.fa', fasta, { aligned: true })).sequences).toEqual(['AC-GTT', 'A-TGT-']);
    await expect(read('b.fa', fasta, {})).rejects.toMatchObject({
      code: 'unreadable',
      facts: { line: 2, letter: '-' },
    });
  });

  test.each([
    ['rows of several lengths', 'd1.sto', stockholm.replace('two      T-', 'two      T'), 'shape'],
    ['two alignments', 'd2.sto', stockholm + stockholm, 'unreadable'],
    ['a row without letters', 'd3.sto', '# STOCKHOLM 1.0\none\n//\n', 'unreadable'],
    ['a row of three words', 'd4.aln', 'CLUSTAL\n\none AC GT\n', 'unreadable'],
    ['no rows', 'd5.sto', '# STOCKHOLM 1.0\n//\n', 'unreadable'],
  ])('%s', async (_, name, text, code) => {
    await expect(read(name, text, {})).rejects.toMatchObject({ code });
  });

  test('an alignment has one length', async () => {
    const options = { aligned: true, pad: 'end' } as const;
    await expect(read('e.sto', stockholm, options)).rejects.toMatchObject({
      facts: { option: 'pad' },
    });
  });
});

describe('letters outside the alphabet', () => {
  const text = '>a\nACGT\n>b one\nANGT\n>c\nGGTT\n';

  test('are refused, or their sequences dropped', async () => {
    await expect(read('u.fa', text, {})).rejects.toMatchObject({
      facts: { line: 4, letter: 'N', name: 'b one' },
    });
    const { dataset, records } = await read('u.fa', text, { unknown: 'drop' });
    expect(records.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(dataset.taken?.passedOver).toEqual(['1 sequences with letters outside the alphabet']);
    await expect(read('v.fa', '>a\nNN\n', { unknown: 'drop' })).rejects.toMatchObject({
      facts: { option: 'unknown', dropped: 1 },
    });
  });

  test('are masked: every letter but the gap is as likely', async () => {
    const { dataset, records } = await read('m.sto', '# STOCKHOLM 1.0\na A-\nb NX\n//\n', {
      unknown: 'mask',
    });
    const x = readAll(dataset) as Float32Array;
    // [letters, length] of the second: 1/4 for A, C, G, T and 0 for the gap, in both columns.
    expect([...x.slice(10)]).toEqual([...Array(8).fill(0.25), 0, 0]);
    expect(records[1]!.sequence).toBe('??');
    expect(dataset.taken?.notes).toContain('2 letters outside the alphabet are masked');
  });

  test('what is no letter is refused in any case; a sign of the end is passed over', async () => {
    await expect(read('w.fa', '>a\nA1\n', { unknown: 'mask' })).rejects.toMatchObject({
      facts: { letter: '1' },
    });
    expect((await read('e.fa', '>a\nAC*\n', {})).sequences).toEqual(['AC']);
    await expect(read('f.fa', '>a\nA*C\n', {})).rejects.toMatchObject({ facts: { letter: '*' } });
  });
});

test('names in Latin-1 are read', async () => {
  const { records } = await read('l.fas', Buffer.from('>prot\xe9ine\nACGT\n', 'latin1'), {});
  expect(records).toEqual([{ name: 'protéine', sequence: 'ACGT' }]);
});

test('one long sequence among many short ones cannot fill the memory', async () => {
  // 20,000 sequences filled to 100,000 letters would take 2 GB; the file has 200 kB.
  const text = `>long\n${'A'.repeat(100_000)}\n${'>\nA\n'.repeat(20_000)}`;
  await expect(read('long.fa', text, { pad: 'end' })).rejects.toMatchObject({
    code: 'memory',
    facts: { length: 100_000, count: 20_001 },
  });
});
