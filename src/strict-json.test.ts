import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

test('reads all that JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  ['{"a": 1, "a": 2}', /^"a" stands twice$/],
  ['{"a": 1, "\\u0061": 2}', /stands twice$/],
  ['[{"b": {"x": [], "x": 0}}]', /^"x" stands twice$/],
  ['['.repeat(65) + ']'.repeat(65), /^nested deeper than 64$/],
  ['{"a":\n 1,\n oops}', /^wrong at line 3, column 2$/],
  ['{"a": 1', /^it ends too soon$/],
  ['', /^it ends too soon$/],
])('%s is refused', (text, message) => {
  expect(() => parseStrictJson(text)).toThrow(SyntaxError);
  expect(() => parseStrictJson(text)).toThrow(message);
});

test.each([
  '{"a": {"a": 1}, "b": {"a": 2}}',
  '["a", "a"]',
  '{"a": "a", "b": "{\\"a\\":1}"}',
  '{"__proto__": 1}',
])('%s has no name twice', (text) => {
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});
