import { expect, test } from 'vitest';
import { decodeLink, type LinkSchema, splitHash } from './link.ts';
import { type ViewName, viewNames } from './view-names.ts';
import { schema as images } from './views/images/schema.ts';
import { schema as shape } from './views/shape/schema.ts';
import { schema as train } from './views/train/schema.ts';
import { schema as walk } from './views/walk/schema.ts';
import { tour, words } from './words.ts';

const schemas: Readonly<Record<ViewName, LinkSchema>> = { shape, walk, images, train };

const links = [
  ...tour.map(({ title, hash }) => [title, hash] as const),
  ...viewNames.flatMap((view) =>
    words[view].tries.map(({ label, hash }) => [label, hash] as const),
  ),
];

test.each(links)('“%s” is a link that the page understands', (_, hash) => {
  const { view, query } = splitHash(hash);
  expect(viewNames).toContain(view);
  expect(decodeLink(schemas[view as ViewName], query).problem).toBeUndefined();
});

test.each(viewNames)('%s has a title, two sentences and three links', (view) => {
  const { title, text, tries } = words[view];
  expect(title.length).toBeGreaterThan(10);
  expect(text.match(/[.:] /g)?.length).toBeGreaterThanOrEqual(1);
  expect(tries).toHaveLength(3);
});

test('the tour goes through every view, from noise to digits', () => {
  const seen = tour.map(({ hash }) => splitHash(hash).view);
  expect(seen.length).toBeGreaterThanOrEqual(8);
  expect([...new Set(seen)].sort()).toEqual([...viewNames].sort());
});
