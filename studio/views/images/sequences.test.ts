import { expect, test } from 'vitest';
import { parseFasta } from '../../../src/data/node/index.ts';
import type { WalkFrame } from '../../engine/protocol.ts';
import { fastaOf, lettersOf, logoOf, type SequenceShape } from './sequences.ts';

const alphabet = { letters: 'ACGT-', gap: true };

/** A jump of sequences, each as certain as it is said. */
function frameOf(sequences: readonly string[], width: number, step = 10): WalkFrame {
  const { letters } = alphabet;
  const xhat = new Float32Array(sequences.length * letters.length * width);
  sequences.forEach((sequence, n) => {
    [...sequence.padEnd(width, '-')].forEach((letter, i) => {
      xhat[(n * letters.length + letters.indexOf(letter)) * width + i] = 0.7;
    });
  });
  return { step, seconds: 0, ybar: xhat, xhat };
}
const shapeOf = (width: number): SequenceShape => ({ channels: 1, height: 5, width, alphabet });

test('letters are the likeliest, without what fills their end', () => {
  expect(lettersOf(frameOf(['ACGT', 'CC', ''], 4), shapeOf(4))).toEqual(['ACGT', 'CC', '']);
});

test('FASTA names every chain and step, and is read back', () => {
  const long = 'ACGT'.repeat(25);
  const frames = [frameOf([long, 'AC'], 100, 5), frameOf(['T', 'G'], 100, 10)];
  const text = fastaOf(frames, shapeOf(100));
  const records = parseFasta(text, 'jumps.fasta');
  expect(records.map(({ name }) => name)).toEqual([
    'chain-1-step-5',
    'chain-2-step-5',
    'chain-1-step-10',
    'chain-2-step-10',
  ]);
  const sequences = records.map(({ lines }) => lines.map(({ text: line }) => line).join(''));
  expect(sequences).toEqual([long, 'AC', 'T', 'G']);
});

test('a logo is as high as the information of a position, and shared by frequency', () => {
  const frames = [frameOf(['AA', 'AC'], 3, 5), frameOf(['AG', 'AAT'], 3, 10)];
  const { letters, most, count } = logoOf(frames, shapeOf(3));
  expect([most, count]).toEqual([2, 4]);
  const at = (column: number) => letters.filter((one) => one.column === column);
  expect(at(0)).toEqual([{ letter: 'A', column: 0, from: 0, bits: 2 }]);
  // ½, ¼ and ¼ have an entropy of 1.5 bits; the likeliest is on top.
  const second = at(1);
  expect(second.map(({ letter }) => letter)).toEqual(['C', 'G', 'A']);
  expect(second.map(({ bits }) => bits)).toEqual([0.125, 0.125, 0.25]);
  expect(second.map(({ from }) => from)).toEqual([0, 0.125, 0.25]);
  // One sequence alone has a third letter.
  expect(at(2)).toEqual([{ letter: 'T', column: 2, from: 0, bits: 2 }]);
  expect(logoOf([], shapeOf(3))).toEqual({ letters: [], most: 2, count: 0 });
});
