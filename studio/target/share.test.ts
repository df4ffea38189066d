import { expect, test } from 'vitest';
import { decodeLink, splitHash } from '../link.ts';
import { schema as shape } from '../views/shape/schema.ts';
import { schema as walk } from '../views/walk/schema.ts';
import { shareTarget } from './share.ts';

test('a view takes density and noise of another one, and keeps the rest of its own', () => {
  const hash = shareTarget(
    '#/walk?v=1&target=rings&M=9&kernel=mala&seed=7',
    '#/shape?v=1&target=points&points=1,2;3,4&sigma=0.8&arrows=0',
  );
  expect(hash).toBe('#/walk?v=1&target=points&points=1,2;3,4&sigma=0.8&kernel=mala&seed=7');
  expect(decodeLink(walk, splitHash(hash).query).problem).toBeUndefined();
});

test('what the other leaves out is at its default here too', () => {
  expect(shareTarget('#/walk?v=1&target=rings&seed=7', '#/shape')).toBe('#/walk?v=1&seed=7');
  expect(shareTarget('#/walk?v=1&target=rings', '#/shape?v=1&arrows=0')).toBe('#/walk');
  const { state } = decodeLink(shape, splitHash(shareTarget('#/shape', '#/walk?v=1&M=4')).query);
  expect(state.M).toBe(4);
});
