import { expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { flagOf, inShellWords } from './error-words.ts';

const said = (message: string, facts = {}) => inShellWords(new UserError(message, { facts }));

test('the option that a sentence begins with is said as a flag', () => {
  expect(said('jumpEvery 0: give 1 or more', { option: 'jumpEvery' })).toBe(
    '--jump-every 0: give 1 or more',
  );
  expect(said('data: is missing', { option: 'data' })).toBe('--data: is missing');
});

test('a word that only begins as the option, or stands later, stays', () => {
  expect(said('database.npy: no such file', { option: 'data' })).toBe('database.npy: no such file');
  expect(said('x.npy: holds no data', { option: 'data' })).toBe('x.npy: holds no data');
});

test('other options of a sentence are said as flags where they stand first', () => {
  expect(
    said('chains 4 draws 2: 8 draws are too few', { option: 'chains', options: ['draws'] }),
  ).toBe('--chains 4 --draws 2: 8 draws are too few');
});

test('a remedy is the command that mends it, with its path as the shell takes it', () => {
  expect(said('runs/a b: go on with it', { path: 'runs/a b', remedy: 'resume' })).toBe(
    "runs/a b: go on with it: mdensity train --out 'runs/a b' --resume",
  );
  expect(said('none: of a remedy that no one knows', { remedy: 'pray' })).toBe(
    'none: of a remedy that no one knows',
  );
});

test('flags are written in lower case', () => {
  expect(flagOf('distanceEvery')).toBe('--distance-every');
});
