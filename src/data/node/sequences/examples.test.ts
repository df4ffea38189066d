import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { pick, readAll } from '../../dataset.ts';
import { sequencesOf } from '../../index.ts';
import { describeDataset } from '../describe.ts';
import { type LoadOptions, loadDataset } from '../load.ts';

const folder = mkdtempSync(join(tmpdir(), 'mdensity-sequences-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(path: string, options: LoadOptions) {
  const dataset = await loadDataset(path, options);
  const x = readAll(dataset) as Float32Array;
  return { dataset, sequences: sequencesOf(x, dataset.shape[1]!, dataset.alphabet!) };
}

describe('sequences as data', () => {
  test('FASTA, CSV and TSV of the same sequences are the same, packed or not', async () => {
    const fasta = '>a\nAC\ngt\n>b\nGG TT\n>c\nTTTT\n';
    const csv = 'id,sequence\n1,ACGT\n2,GGTT\n3,tttt\n';
    const paths = [
      file('a.fasta', fasta),
      file('a.fa', fasta),
      file('a.faa', fasta),
      file('a.FNA', fasta),
      file('a.fasta.gz', gzipSync(fasta)),
      file('a.csv', csv),
      file('a.csv.gz', gzipSync(csv)),
      file('a.tsv', csv.replaceAll(',', '\t')),
    ];
    const hashes = new Set<string>();
    for (const path of paths) {
      const { dataset, sequences } = await read(path, { alphabet: 'dna' });
      expect(sequences).toEqual(['ACGT', 'GGTT', 'TTTT']);
      expect(dataset).toMatchObject({
        count: 3,
        shape: [4, 4],
        dtype: 'float32',
        alphabet: { letters: 'ACGT', gap: false },
      });
      hashes.add(dataset.hash);
    }
    expect(hashes.size).toBe(1);
  });

  test('are one-hot [letters, length]; a part of them keeps its alphabet', async () => {
    const { dataset } = await read(file('b.fa', '>a\nCA\n>b\nAA\n'), { alphabet: 'CA' });
    expect([...readAll(dataset)]).toEqual([...[1, 0], ...[0, 1], ...[0, 0], ...[1, 1]]);
    expect(pick(dataset, [1]).alphabet).toEqual({ letters: 'CA', gap: false });
  });

  test('of several lengths are filled at the end', async () => {
    const path = file('c.fa', '>a\nA\n>b\nACG\n>c\nGG\n');
    const { dataset, sequences } = await read(path, { alphabet: 'dna', pad: 'end' });
    expect(dataset).toMatchObject({ shape: [5, 3], alphabet: { letters: 'ACGT-', gap: true } });
    expect(sequences).toEqual(['A', 'ACG', 'GG']);
    expect(await describeDataset(path, { alphabet: 'dna', pad: 'end' })).toMatchObject({
      count: 3,
      shape: [5, 3],
      alphabet: 'ACGT-',
      // One of five letters is 1 at each position.
      values: { type: 'float32', mean: expect.closeTo(1 / 5, 6), min: 0, max: 1 },
    });
    expect((await read(path, { alphabet: 'dna', pad: 'end', limit: 1 })).sequences).toEqual(['A']);
  });

  test.each<[string, string | Uint8Array, LoadOptions, string]>([
    ['d1.fa', '>a\nAC\n', {}, 'alphabet: is missing; say what FILE is written in: dna, rna'],
    [
      ...(['d2.fa', '>a\nAC\n\n>b x\nA\nUC\n', { alphabet: 'dna' }] as const),
      'FILE: line 6: letter "U" of "b x" is not in the alphabet ACGT; mend it, give an alphabet that has it, or say what to do with such letters (unknown: drop or mask).',
    ],
    [
      ...(['d3.csv', 'sequence\nAC\nA🙂', { alphabet: 'dna' }] as const),
      'FILE: line 3: letter "🙂" of "row 2" is not in the alphabet ACGT',
    ],
    [
      ...(['d4.fa', '>a\nAC\n>b\nAC\nG\n', { alphabet: 'dna' }] as const),
      'FILE: line 4: "b" has 3 letters, those before it 2; give sequences of one length, or pad: end',
    ],
    ['d5.fa', '>a\nA-\n', { alphabet: 'dna', pad: 'end' }, 'FILE: line 2: letter "-" of "a"'],
    ['d6.fa', '', { alphabet: 'dna' }, 'FILE: holds no sequences; give more data.'],
    ['d7.csv', 'sequence\n', { alphabet: 'dna' }, 'FILE: holds no sequences; give more data.'],
    ['d8.fa', Uint8Array.of(200, 1, 0, 255), { alphabet: 'dna' }, 'FILE: is no text; give FASTA'],
    ['d9.fa', '>a\nAC\0\n', { alphabet: 'dna' }, 'FILE: is no text; give FASTA'],
    [
      ...(['d10.fa.gz', gzipSync('>a\nACGT\n').subarray(0, 15), { alphabet: 'dna' }] as const),
      'FILE: the gzip stream is cut short',
    ],
    ['d11.fa', '>a\nAC', { alphabet: 'dna', column: 'x' }, 'column x: FILE is no table'],
    ['d12.fa', '>a\nAC', { alphabet: 'dna', split: 'test' }, 'FILE: has one part, no test split'],
    ['d13.fa', '>a\nAC', { alphabet: 'dna', size: 8 }, 'FILE: size is for folders of images'],
  ])('refuses %s: %j %j', async (name, content, options, message) => {
    const path = file(name, content);
    await expect(loadDataset(path, options)).rejects.toThrow(message.replace('FILE', path));
  });

  test('their options are of no use to other data', async () => {
    await expect(loadDataset('digits8', { alphabet: 'dna' })).rejects.toThrow(
      'digits8: alphabet is for sequences only (FASTA, alignments, CSV or TSV files); leave it out.',
    );
    const idx = file('e.idx', Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9));
    await expect(loadDataset(idx, { pad: 'end' })).rejects.toThrow('pad is for sequences only');
  });

  test('a file that is not there is said so', async () => {
    const path = join(folder, 'none.fasta');
    await expect(loadDataset(path, { alphabet: 'dna' })).rejects.toThrow(
      `${path}: no such file; check the path.`,
    );
  });
});
