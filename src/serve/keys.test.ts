import { expect, test } from 'vitest';
import { readKeys } from './keys.ts';

const key = 'q83vEjRWeJCrze8SNFZ4kA';
const ownerOf = (keys: string, given: string) => readKeys(keys).ownerOf(`Bearer ${given}`);

test.each([
  ['without a name', `${key}==`, 'key-1'],
  ['with one equals sign', `${key}=`, 'key-1'],
  ['with a name', `alice=${key}==`, 'alice'],
  ['unpadded', `alice=${key}`, 'alice'],
])('a key in base64, %s, is known with its padding and without', (_, keys, name) => {
  expect([`${key}==`, key].map((given) => ownerOf(keys, given))).toEqual([name, name]);
  expect(ownerOf(keys, `${key}A`)).toBeUndefined();
});

test('what is refused is not said again', () => {
  expect(() => readKeys('c2hvcnQ=')).toThrow(/^MDENSITY_API_KEYS: key-1 has 7 characters; give/);
  expect(() => readKeys('alice=c2hvcnQ=')).toThrow(/^MDENSITY_API_KEYS: alice has 7 characters;/);
});
