import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLink, encodeLink, linkSchema, splitHash } from '../link.ts';
import { clean, POSITIONS, positionOf, type Scale, type SliderRange, valueAt } from './scale.ts';
import { choice, fieldsOf, flag, number, optionsOf, sliderRange } from './setting.ts';

const ranges: readonly SliderRange[] = [
  { min: -3, max: 7, scale: 'linear', step: 0.1, whole: false },
  { min: 1e-6, max: 10, scale: 'log', step: 1, whole: false },
  { min: 1, max: 4096, scale: 'log', step: 1, whole: true },
  { min: 0, max: 1e5, scale: 'root', step: 1, whole: true },
  { min: 0, max: 0.9999, scale: 'nines', step: 1, whole: false },
];

test.each(ranges)(
  'a slider reaches both ends and never leaves them: $scale $min to $max',
  (range) => {
    const [first, last] = range.scale === 'linear' ? [range.min, range.max] : [0, POSITIONS];
    expect(valueAt(first, range)).toBeCloseTo(range.min, 10);
    expect(valueAt(last, range)).toBeCloseTo(range.max, 10);
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        const taken = clean(value, range);
        expect(taken).toBeGreaterThanOrEqual(range.min);
        expect(taken).toBeLessThanOrEqual(range.max);
        if (range.whole) expect(Number.isInteger(taken)).toBe(true);
      }),
    );
  },
);

test.each(ranges)('a position comes back from its value: $scale $min to $max', (range) => {
  const [first, last] = range.scale === 'linear' ? [range.min, range.max] : [0, POSITIONS];
  fc.assert(
    fc.property(fc.double({ min: first, max: last, noNaN: true }), (position) => {
      const value = valueAt(position, range);
      // Rounding to three digits, or to whole numbers, moves it by little of what is there.
      const back = valueAt(positionOf(value, range), range);
      expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.abs(value) * 0.006 + 1e-9);
    }),
  );
});

test('the middle of a scale is what its name says', () => {
  const at = (scale: Scale, min: number, max: number) =>
    valueAt(POSITIONS / 2, { min, max, scale, step: 1, whole: false });
  expect(at('log', 0.01, 100)).toBe(1);
  expect(at('root', 0, 8000)).toBe(1000);
  expect(at('nines', 0, 0.9999)).toBeCloseTo(0.99, 10);
});

const table = {
  chains: number({
    title: 'Chains',
    explain: '',
    default: 16,
    range: [1, 256],
    whole: true,
    option: 'chains',
  }),
  kernel: choice({
    title: 'Kernel',
    explain: '',
    default: 'sachs',
    option: 'kernel',
    choices: [
      { value: 'sachs', label: 'Sachs' },
      { value: 'mala', label: 'MALA' },
    ],
  }),
  mean: flag({ title: 'Mean walk', explain: '', default: false, option: 'mean-walk' }),
  arrows: flag({ title: 'Arrows', explain: '', default: true }),
};
const schema = linkSchema(1, fieldsOf(table));

test('a link accepts exactly what the slider reaches', () => {
  const { min, max } = sliderRange(table.chains);
  for (const chains of [min, max]) {
    const { state } = decodeLink(schema, `chains=${chains}`);
    expect(state.chains).toBe(chains);
    const { query } = splitHash(encodeLink('walk', schema, state));
    expect(decodeLink(schema, query)).toEqual({ state });
  }
  for (const chains of [min - 1, max + 1, 1.5]) {
    expect(decodeLink(schema, `chains=${chains}`).problem).toContain(`chains=${chains}`);
  }
});

test('the command names what differs from its defaults, and nothing that it has no option for', () => {
  const { state } = decodeLink(schema, 'chains=4&kernel=mala&mean=1&arrows=0');
  expect(optionsOf(table, state)).toEqual(['--chains 4', '--kernel mala', '--mean-walk']);
  expect(optionsOf(table, state, { chains: 4 })).toEqual(['--kernel mala', '--mean-walk']);
  expect(optionsOf(table, decodeLink(schema, '').state)).toEqual([]);
});
