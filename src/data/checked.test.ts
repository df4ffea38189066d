import { describe, expect, test } from 'vitest';
import { evaluate } from '../evaluate/index.ts';
import { gaussian } from '../model/index.ts';
import { networks } from '../nn/index.ts';
import { anError } from '../testing-errors.ts';
import { train } from '../train/index.ts';
import { checkedDataset } from './checked.ts';
import { allocate, type Dataset } from './dataset.ts';

/** Ten points of two numbers, read as `read` does. */
const points = (read: Dataset['read'], more: Partial<Dataset> = {}): Dataset => ({
  name: 'mine',
  count: 10,
  shape: [2],
  dtype: 'float32',
  hash: '',
  read,
  ...more,
});

const honest: Dataset['read'] = (index, into, offset) => into.set([index, -index], offset);

const liars: readonly (readonly [string, Dataset['read'], object])[] = [
  ['too few values', (i, into, offset) => into.set([i], offset), { example: 0, at: 1 }],
  ['too many values', (i, into, at) => into.set([i, i, i], at), { example: 0, at: 2 }],
  ['nothing', () => {}, { example: 0, at: 0 }],
  ['from the start, whatever the offset', (i, into) => into.set([i, i]), { at: 0, size: 2 }],
  [
    'too few values of the last example',
    (i, into, at) => into.set(i === 9 ? [i] : [i, i], at),
    { example: 9, at: 1 },
  ],
  [
    'more than any array holds',
    (_, into, at) => into.set(new Float32Array(100), at),
    { example: 0 },
  ],
];

describe.each(['float32', 'uint8'] as const)('a read of %s that writes', (dtype) => {
  test.each(liars)('%s is told of', (_, read, facts) => {
    const check = () => checkedDataset(points(read, { dtype }));
    expect(check).toThrow(anError('shape', { data: 'mine', ...facts }) as Error);
  });

  test('what it says is left as it is', () => {
    const into = allocate(dtype, 4);
    checkedDataset(points(honest, { dtype })).read(3, into, 2);
    expect([...into]).toEqual([0, 0, 3, dtype === 'uint8' ? 253 : -3]);
  });
});

test('an example that none of those read first is caught when it leaves the array', () => {
  const read: Dataset['read'] = (i, into, at) => into.set(i === 7 ? [i, i, i] : [i, i], at);
  const { read: checked } = checkedDataset(points(read));
  expect(() => checked(7, new Float32Array(2), 0)).toThrow(
    anError('shape', { data: 'mine', example: 7, size: 2 }) as Error,
  );
});

test('errors of reading itself pass', () => {
  const lost = new Error('the disk is gone');
  const read = () => {
    throw lost;
  };
  expect(() => checkedDataset(points(read))).toThrow(lost);
});

test.each([{ count: 0 }, { count: 1.5 }])('%j is no count', ({ count }) => {
  expect(() => checkedDataset(points(honest, { count }))).toThrow(
    anError('shape', { data: 'mine', count }) as Error,
  );
});

test('training and evaluation check', async () => {
  const liar = points((i, into, offset) => into.set([i], offset));
  const error = expect.objectContaining({ code: 'shape' });
  const options = { network: networks.mlp, noise: gaussian({ sigma: 1 }), steps: 1 };
  await expect(train(liar, options)).rejects.toEqual(error);
  const samples = { data: new Float32Array(40), shape: [20, 1, 2] as const };
  await expect(evaluate(samples, liar, { metrics: ['fd'] })).rejects.toEqual(error);
});
