import { describe, expect, test } from 'vitest';
import { put, temporaryFolder } from '../fixtures/folder.ts';
import { whole } from '../fixtures/whole.ts';
import { loadDataset } from './load.ts';
import { pointsInText } from './table.ts';

const folder = temporaryFolder();
const points = (text: string) => whole(pointsInText(text, 'a.csv'));

describe('points of tables', () => {
  const expected = { count: 2, shape: [2], data: Float32Array.of(1, 2.5, -300, 4) };
  test.each([
    ['commas', '1,2.5\n-3e2,4\n'],
    ['names', 'x,y\n1,2.5\n-3e2,4\n'],
    ['semicolons', 'x;y\r\n1;2.5\r\n-3e2;4\r\n'],
    ['tabs', '1\t2.5\n-3e2\t4'],
    ['quotes and spaces', '"x" , "y"\n 1, 2.5\n"-3e2",4.\n'],
  ])('with %s', (_, text) => {
    expect(points(text)).toEqual(expected);
  });

  test('with classes, numbered or named, and a column that counts rows', () => {
    const numbered = pointsInText('id,x,y,label\n1,1,2.5,3\n2,-3e2,4,0\n', 'a.csv');
    expect(whole(numbered)).toEqual({ ...expected, labels: Uint8Array.of(3, 0) });
    expect(numbered.taken).toMatchObject({ labels: 'label', passedOver: ['column id'] });
    const named = points('x,y,class\n1,2.5,b\n-3e2,4,a\n');
    expect(named).toEqual({ ...expected, labels: Uint8Array.of(1, 0), classes: ['a', 'b'] });
  });

  test('x and y are coordinates', () => {
    expect(points('x,y\n1,2.5\n-3e2,4\n').shape).toEqual([2]);
  });

  test('from a file, without an alphabet', async () => {
    const path = put('1,2.5\n-3e2,4\n', folder, 'a.csv');
    expect(await loadDataset(path)).toMatchObject({ count: 2, shape: [2], dtype: 'float32' });
    await expect(loadDataset(path, { split: 'test' })).rejects.toMatchObject({ code: 'not-found' });
  });

  test.each([
    ['nothing', ''],
    ['names alone', 'x,y\n'],
    ['text', 'x,y\n1,two\n'],
    ['a hole', 'x,y\n1,\n'],
    ['NaN', 'x\nNaN\n'],
    ['what single precision cannot hold', 'x\n1e300\n'],
    ['decimal commas', '1,5;2,5\n3,5;4,5\n'],
    ['no numbers at all', 'id\n1\n'],
    ['rows of several lengths', '1,2\n3\n'],
  ])('%s is refused', (_, text) => {
    expect(() => pointsInText(text, 'a.csv')).toThrow(
      expect.objectContaining({ code: 'unreadable' }),
    );
  });
});
