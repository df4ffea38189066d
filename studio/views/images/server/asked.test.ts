import { expect, test } from 'vitest';
import { classChoices, requestOf, usual } from './asked.ts';

const model = { name: 'digits', shape: [1, 28, 28], noise: {}, description: '' };

test('a request asks for what the controls say, and for a jump at least', () => {
  const asked = { ...usual, chains: 4, steps: 10, seed: 3 };
  const common = { model: 'digits', chains: 4, steps: 10, jumpEvery: 10, seed: 3 };
  expect(requestOf(asked, model)).toEqual(common);
  expect(requestOf({ ...asked, jumpEvery: 2 }, model)).toMatchObject({ jumpEvery: 2 });
  // A class of the model before is none of this.
  expect(requestOf({ ...asked, class: '2' }, model)).toEqual(common);
  expect(requestOf({ ...asked, class: '2' }, { ...model, classes: 2 })).toEqual(common);
  expect(requestOf({ ...asked, class: '1' }, { ...model, classes: 2 }).class).toBe(1);
  expect(requestOf({ ...asked, class: 'each' }, { ...model, classes: 3 }).class).toEqual([0, 1, 2]);
});

test('classes are offered by name, or by number', () => {
  const labels = (classes: string[] | number) =>
    classChoices({ classes }).map(({ label }) => label);
  expect(labels(['cat', 'dog'])).toEqual(['none', 'each chain the next', 'cat', 'dog']);
  expect(labels(2)).toEqual(['none', 'each chain the next', '0', '1']);
});
