/** A short run of `npm run fuzz`, and the worst inputs that were ever found or thought of. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mutate } from './mutate.ts';
import { readers } from './readers.ts';
import { inputOf, tryInput } from './run.ts';

/** Inputs of each reader here; a reader that is slow gets fewer. */
const [INPUTS, SLOW] = [300, 60] as const;

test.each(Object.keys(readers))(
  '%s: damaged files are read or are one error of ours',
  async (name) => {
    const reader = readers[name]!;
    const sources = await reader.sources();
    const problems: string[] = [];
    for (let index = 0; index < (reader.slow ? SLOW : INPUTS); index++) {
      const problem = await tryInput(reader, inputOf(sources, 7, index));
      if (problem !== undefined) problems.push(`${index}: ${problem}`);
    }
    expect(problems).toEqual([]);
  },
);

test.each(Object.keys(readers))('%s: a seed as it is can be read', async (name) => {
  const { sources, read } = readers[name]!;
  const [first] = await sources();
  const { seeds, wrap = (bytes: Buffer) => bytes } = first!;
  const results = await Promise.allSettled(
    seeds.map(async (seed) => read(wrap(Buffer.from(seed)))),
  );
  expect(results.map(({ status }) => status)).toContain('fulfilled');
});

describe('the corpus', () => {
  const folder = new URL('corpus/', import.meta.url);
  test.each(readdirSync(folder))('%s', async (file) => {
    const name = Object.keys(readers).find((reader) => file.startsWith(`${reader}.`))!;
    const input = readFileSync(new URL(file, folder));
    expect(await tryInput(readers[name]!, input)).toBeUndefined();
  });
});

test('an input is a function of seed and index', () => {
  const options = { seeds: [Buffer.from('a valid file'), Buffer.from('another one')] };
  const all = Array.from({ length: 50 }, (_, i) => mutate(options, 3, i).toString('hex'));
  expect(all).toEqual(Array.from({ length: 50 }, (_, i) => mutate(options, 3, i).toString('hex')));
  expect(new Set(all).size).toBeGreaterThan(30);
});
