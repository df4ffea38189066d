import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  choice,
  decodeLink,
  encodeLink,
  flag,
  linkSchema,
  number,
  rows,
  splitHash,
  text,
  whole,
} from './link.ts';

const schema = linkSchema(2, {
  sigma: number(0.5, { min: 0.1, max: 4 }),
  seed: whole(0, { min: 0 }),
  kernel: choice('sachs', ['sachs', 'shen-lee', 'mala']),
  mean: flag(false),
  name: text(''),
  points: rows([], { width: 2, max: 4 }),
});

const standard = decodeLink(schema, '').state;

test('a link is readable and leaves defaults out', () => {
  expect(encodeLink('walk', schema, standard)).toBe('#/walk');
  const state = {
    ...standard,
    sigma: 0.75,
    kernel: 'shen-lee' as const,
    mean: true,
    points: [
      [1, -2.5],
      [0.125, 3],
    ],
  };
  expect(encodeLink('walk', schema, state)).toBe(
    '#/walk?v=2&sigma=0.75&kernel=shen-lee&mean=1&points=1,-2.5;0.125,3',
  );
});

test('a state comes back from its link', () => {
  const thousandths = fc.integer({ min: -9000, max: 9000 }).map((k) => k / 1000);
  const states = fc.record({
    sigma: fc.double({ min: 0.1, max: 4, noNaN: true }),
    seed: fc.maxSafeNat(),
    kernel: fc.constantFrom('sachs' as const, 'shen-lee' as const, 'mala' as const),
    mean: fc.boolean(),
    name: fc.string({ maxLength: 200, unit: 'grapheme' }).filter((s) => s.length <= 200),
    points: fc.array(fc.tuple(thousandths, thousandths), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(states, (state) => {
      const { view, query } = splitHash(encodeLink('walk', schema, state));
      expect(view).toBe('walk');
      expect(decodeLink(schema, query)).toEqual({ state });
    }),
  );
});

test.each([
  ['sigma=9', 'sigma=9'],
  ['sigma=', 'sigma='],
  ['sigma=NaN', 'sigma=NaN'],
  ['seed=1.5', 'seed=1.5'],
  ['kernel=hmc', 'kernel=hmc'],
  ['mean=yes', 'mean=yes'],
  ['points=1,2,3', 'points=1,2,3'],
  ['points=1,2;3,x', 'points=1,2;3,x'],
  ['points=1,1;2,2;3,3;4,4;5,5', 'points=1,1;2,2;3,3;4,4;5,5'],
  ['colour=red', 'colour=red'],
  ['__proto__=1', '__proto__=1'],
])('%s is named and leaves its default, the rest stands', (query, named) => {
  const { state, problem } = decodeLink(schema, `v=2&${query}&name=kept`);
  expect(problem).toContain(named);
  expect(state).toEqual({ ...standard, name: 'kept' });
});

test('a link of another version gives defaults and says so', () => {
  expect(decodeLink(schema, 'v=1&sigma=1').problem).toMatch(/an older version/);
  expect(decodeLink(schema, 'v=3&sigma=1').problem).toMatch(/another version/);
  expect(decodeLink(schema, 'v=1&sigma=1').state).toEqual(standard);
});

test('no text at all makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (hash) => {
      const { state } = decodeLink(schema, splitHash(hash).query);
      expect(Object.keys(state)).toEqual(Object.keys(standard));
    }),
  );
});
