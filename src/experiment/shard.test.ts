import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIn, parseShard } from './shard.ts';

test('the parts of a list are disjoint, differ by one cell at most and are all of it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(50), (count, cells) => {
      const list = Array.from({ length: cells }, (_, i) => i);
      const parts = Array.from({ length: count }, (_, index) => {
        const shard = parseShard(`${index}/${count}`);
        return list.filter((i) => isIn(shard, i));
      });
      expect(parts.flat().sort((a, b) => a - b)).toEqual(list);
      const sizes = parts.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test.each([
  ['4/4', /^shard 4\/4: parts are counted from 0; give 0\/4 to 3\/4$/],
  ['0/0', /^shard 0\/0: is no part; give i\/n, such as 0\/4$/],
  ['-1/4', /is no part/],
  ['1', /is no part/],
  ['1/4/2', /is no part/],
])('%s is refused in one line', (text, said) => {
  expect(() => parseShard(text)).toThrow(said);
});
