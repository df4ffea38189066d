import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineChart } from '../plot.ts';
import { frame } from './frame.ts';
import { drawing, textAt } from './svg.ts';
import { linearTicks, logTicks, shortNumber } from './ticks.ts';

describe('ticks', () => {
  test('known axes', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-0.3, 0.31, 3)).toEqual([-0.2, 0, 0.2]);
    expect(logTicks(1, 100)).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(0.5, 4)).toEqual([0.5, 0.6, 0.8, 1, 1.5, 2, 3, 4]);
    expect(logTicks(1e-8, 1e8).every((tick) => Number.isInteger(Math.log10(tick)))).toBe(true);
    expect([12_000, 3.5e6, 0.0015, 0, 2e-5].map(shortNumber)).toEqual([
      '12k',
      '3.5M',
      '0.0015',
      '0',
      '2e-5',
    ]);
  });

  test('of any axis they lie on it, in order, and are neither few nor many', () => {
    const value = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(value, fc.double({ min: 1.01, max: 1e8, noNaN: true }), (low, ratio) => {
        const high = low * ratio;
        const [linear, log] = [linearTicks(low, high, 5), logTicks(low, high)];
        expect(linear.length).toBeLessThanOrEqual(12);
        expect(linear.length).toBeGreaterThanOrEqual(2);
        for (const ticks of [linear, log]) {
          expect(ticks.length).toBeLessThanOrEqual(12);
          expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
          expect(ticks[0]! >= low * (1 - 1e-6) && ticks.at(-1)! <= high * (1 + 1e-6)).toBe(true);
        }
      }),
    );
  });
});

test('the ends of a domain lie at the ends of a panel, its middle in the middle', () => {
  const box = { left: 10, top: 20, right: 110, bottom: 220 };
  const { x, y } = frame({
    box,
    x: { domain: [1, 100], log: true },
    y: { domain: [-1, 3], inset: [10, 30] },
  });
  expect([x(1), x(10), x(100)]).toEqual([10, 60, 110]);
  expect([y(-1), y(1), y(3)]).toEqual([210, 130, 50]);
});

test('text that looks like a tag stays text', () => {
  const odd = '<b>&"';
  const svg = drawing({ width: 10, height: 10, title: odd }, textAt(0, 0, odd));
  expect(svg).toContain('aria-label="&lt;b>&amp;&quot;"');
  expect(svg).toContain('>&lt;b>&amp;&quot;</text>');
});

test.each([
  ['no point', []],
  ['one point', [[3, 2]]],
  [
    'a constant',
    [
      [1, 2],
      [2, 2],
    ],
  ],
  [
    'nothing that a logarithm takes',
    [
      [1, 0],
      [2, -1],
      [3, Number.NaN],
    ],
  ],
] as const)('a chart of %s has no number that is none', (_, points) => {
  for (const logY of [false, true]) {
    expect(lineChart([{ name: 'a', points }], { x: 'x', y: 'y', logY })).not.toMatch(
      /NaN|Infinity/,
    );
  }
});
