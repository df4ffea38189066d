import { Window } from 'happy-dom';
import { expect, test } from 'vitest';
import { entryNames } from '../../experiment/parametrizations/entries.ts';
import { comparisonProtocol } from '../../experiment/parametrizations/testing.ts';
import { lossFigure } from './figures.ts';

test('every row has a colour of its own', () => {
  const points = entryNames.map((name) => ({ name, step: 1, loss: 2 }));
  const svg = lossFigure(comparisonProtocol(), points);
  const document = new new Window().DOMParser().parseFromString(svg, 'image/svg+xml');
  const names = [...document.querySelectorAll('text')].filter(({ textContent }) =>
    textContent?.startsWith('━ '),
  );
  const colours = names.map((name) => name.closest('[fill^="#"]')?.getAttribute('fill'));
  expect(names.map(({ textContent }) => textContent.slice(2))).toEqual(entryNames);
  expect(new Set(colours).size, colours.join()).toBe(entryNames.length);
});
