import { expect, test } from 'vitest';
import { didYouMean } from './nearest.ts';

const names = ['mnist', 'mnist-full', 'fashion-mnist', 'cifar10', 'digits8'];

test.each([
  ['minst', 'mnist'],
  ['MNIST', 'mnist'],
  ['cifar-10', 'cifar10'],
  ['fashon-mnist', 'fashion-mnist'],
  ['digits', 'digits8'],
])('%s suggests %s', (name, expected) => {
  expect(didYouMean(name, names)).toBe(` Did you mean "${expected}"?`);
});

test.each(['imagenet-64', 'x', ''])('%j suggests nothing', (name) => {
  expect(didYouMean(name, names)).toBe('');
  expect(didYouMean(name, [])).toBe('');
});
